"""Reads one table of a profile, value by value; a mistake is refused with its line and reason."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from board.errors import ProfileError
from board.profile.locate import Lines, Path

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Source:
    """A profile's file: its name for messages, and where its keys stand."""

    file: str
    lines: Lines


class Section:
    """One table.  Read every key that may be there, then call `done`, which refuses the rest.

    Every method raises ProfileError for a value of another type or out of its range; a `default`
    of None means that the key may be left out.
    """

    def __init__(self, source: Source, path: Path, values: dict[str, Any]) -> None:
        self._source = source
        self._path = path
        self._values = values
        self._known: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def fail(self, template: str, at: str | None = None, /, **values: object) -> NoReturn:
        """Refuse the profile because of this table, or of one of its keys (`at`).

        `template` is a sentence with placeholders for `values`, constant for the catalogue.
        """
        path = self._path if at is None else (*self._path, at)
        raise ProfileError(self._source.file, self._source.lines.of(path), template, **values)

    def text(self, key: str, *, most: int = 80) -> str:
        """Return a text of 1 to `most` characters that has to be there."""
        return self._text(key, self._needed(key), most)

    def text_or_none(self, key: str, *, most: int = 80) -> str | None:
        """Return a text of 1 to `most` characters, None where it was left out."""
        value = self._take(key)
        return None if value is None else self._text(key, value, most)

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return one of some words."""
        value = self._take(key) if default is not None else self._needed(key)
        if value is None:
            assert default is not None
            return default
        if value not in choices:
            self.fail(
                "{key} has to be one of {known}.",
                key,
                key=self._name(key),
                known=", ".join(choices),
            )
        return str(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fail("{key} has to be true or false.", key, key=self._name(key))
        return value

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number of a range."""
        value = self._take(key) if default is not None else self._needed(key)
        if value is None:
            assert default is not None
            return default
        return self._integer(key, value, low, high)

    def integer_or_none(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number of a range, None where it was left out."""
        value = self._take(key)
        return None if value is None else self._integer(key, value, low, high)

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number of a range."""
        value = self._take(key) if default is not None else self._needed(key)
        if value is None:
            assert default is not None
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail("{key} has to be a number.", key, key=self._name(key))
        if not low <= value <= high:
            self.fail(
                "{key} is {value:g}; it has to be {low:g} to {high:g}.",
                key,
                key=self._name(key),
                value=value,
                low=low,
                high=high,
            )
        return float(value)

    def texts(self, key: str, *, most: int = 64) -> tuple[str, ...]:
        """Return a list of texts; empty where it was left out."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > most:
            self.fail(
                "{key} has to be a list of at most {most} texts.",
                key,
                key=self._name(key),
                most=most,
            )
        return tuple(self._text(key, entry, 200) for entry in value)

    def integers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """Return a list of whole numbers of a range; empty where it was left out."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fail("{key} has to be a list of whole numbers.", key, key=self._name(key))
        return tuple(self._integer(key, entry, low, high) for entry in value)

    def table(self, key: str) -> Section | None:
        """Return a table of this one, None where it was left out."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail("{key} has to be a table.", key, key=self._name(key))
        return Section(self._source, (*self._path, key), value)

    def tables(self, key: str, *, most: int = 64) -> Iterator[Section]:
        """Yield the tables of a list of tables; none where it was left out."""
        value = self._take(key)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self.fail(
                "{key} has to be a list of tables ([[{table}]]).",
                key,
                key=self._name(key),
                table=self._dotted(key),
            )
        if len(value) > most:
            self.fail(
                "There are {count} of {key}; {most} are the most.",
                key,
                key=self._name(key),
                count=len(value),
                most=most,
            )
        for number, entry in enumerate(value):
            yield Section(self._source, (*self._path, key, number), entry)

    def done(self) -> None:
        """Refuse keys that nobody asked for: mostly misspelt."""
        for key in self._values:
            if key in self._known:
                continue
            near = difflib.get_close_matches(key, sorted(self._known), 1)
            if near:
                self._unknown(key, near[0])
            self.fail("{key} is not known here.", key, key=self._name(key))

    # -- parts ---------------------------------------------------------------------------------

    def _take(self, key: str) -> Any:
        self._known.add(key)
        return self._values.get(key)

    def _needed(self, key: str) -> Any:
        value = self._take(key)
        if value is None:
            for near in difflib.get_close_matches(
                key, sorted(self._values.keys() - self._known), 1
            ):
                self._unknown(near, key)
            self.fail("{key} is missing.", key=self._name(key))
        return value

    def _text(self, key: str, value: Any, most: int) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= most:
            self.fail(
                "{key} has to be a text of 1 to {most} characters.",
                key,
                key=self._name(key),
                most=most,
            )
        return value

    def _integer(self, key: str, value: Any, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail("{key} has to be a whole number.", key, key=self._name(key))
        if not low <= value <= high:
            self.fail(
                "{key} is {value}; it has to be {low} to {high}.",
                key,
                key=self._name(key),
                value=value,
                low=low,
                high=high,
            )
        return int(value)

    def _unknown(self, key: str, meant: str) -> NoReturn:
        self.fail(
            "{key} is not known here. Is {meant} meant?", key, key=self._name(key), meant=meant
        )

    def _dotted(self, key: str) -> str:
        return ".".join(str(part) for part in (*self._path, key) if isinstance(part, str))

    def _name(self, key: str) -> str:
        return f'"{self._dotted(key)}"'


def unique(section: Section, key: str, value: _T, taken: set[_T]) -> _T:
    """Note a value that may be there once only; raise ProfileError the second time."""
    if value in taken:
        section.fail(
            '"{key}" is {value} for the second time; each has its own.', key, key=key, value=value
        )
    taken.add(value)
    return value
