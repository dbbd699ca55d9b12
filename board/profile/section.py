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

    def fail(self, reason: str, key: str | None = None) -> NoReturn:
        """Refuse the profile because of this table, or of one of its keys."""
        path = self._path if key is None else (*self._path, key)
        raise ProfileError(self._source.file, self._source.lines.of(path), reason)

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
            self.fail(f"{self._name(key)} has to be one of {', '.join(choices)}.", key)
        return str(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fail(f"{self._name(key)} has to be true or false.", key)
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
            self.fail(f"{self._name(key)} has to be a number.", key)
        if not low <= value <= high:
            self.fail(f"{self._name(key)} is {value:g}; it has to be {low:g} to {high:g}.", key)
        return float(value)

    def texts(self, key: str, *, most: int = 64) -> tuple[str, ...]:
        """Return a list of texts; empty where it was left out."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > most:
            self.fail(f"{self._name(key)} has to be a list of at most {most} texts.", key)
        return tuple(self._text(key, entry, 200) for entry in value)

    def integers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """Return a list of whole numbers of a range; empty where it was left out."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fail(f"{self._name(key)} has to be a list of whole numbers.", key)
        return tuple(self._integer(key, entry, low, high) for entry in value)

    def table(self, key: str) -> Section | None:
        """Return a table of this one, None where it was left out."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail(f"{self._name(key)} has to be a table.", key)
        return Section(self._source, (*self._path, key), value)

    def tables(self, key: str, *, most: int = 64) -> Iterator[Section]:
        """Yield the tables of a list of tables; none where it was left out."""
        value = self._take(key)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self.fail(
                f"{self._name(key)} has to be a list of tables ([[{self._dotted(key)}]]).", key
            )
        if len(value) > most:
            self.fail(f"There are {len(value)} of {self._name(key)}; {most} are the most.", key)
        for number, entry in enumerate(value):
            yield Section(self._source, (*self._path, key, number), entry)

    def done(self) -> None:
        """Refuse keys that nobody asked for: mostly misspelt."""
        for key in self._values:
            if key in self._known:
                continue
            near = difflib.get_close_matches(key, sorted(self._known), 1)
            hint = f" Is {near[0]} meant?" if near else ""
            self.fail(f"{self._name(key)} is not known here.{hint}", key)

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
                self.fail(f"{self._name(near)} is not known here. Is {key} meant?", near)
            self.fail(f"{self._name(key)} is missing.")
        return value

    def _text(self, key: str, value: Any, most: int) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= most:
            self.fail(f"{self._name(key)} has to be a text of 1 to {most} characters.", key)
        return value

    def _integer(self, key: str, value: Any, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(f"{self._name(key)} has to be a whole number.", key)
        if not low <= value <= high:
            self.fail(f"{self._name(key)} is {value}; it has to be {low} to {high}.", key)
        return int(value)

    def _dotted(self, key: str) -> str:
        return ".".join(str(part) for part in (*self._path, key) if isinstance(part, str))

    def _name(self, key: str) -> str:
        return f'"{self._dotted(key)}"'


def unique(section: Section, key: str, value: _T, taken: set[_T]) -> _T:
    """Note a value that may be there once only; raise ProfileError the second time."""
    if value in taken:
        section.fail(f'"{key}" is {value} for the second time; each has its own.', key)
    taken.add(value)
    return value
