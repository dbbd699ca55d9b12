"""Makes sense of a damaged document: each wrong field is named and replaced, the rest stays."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from appliance.settings.declare import Fields
from appliance.settings.problems import (
    FieldProblem,
    Path,
    as_far_as_right,
    conflicts_of,
    dotted,
    problems_of,
)
from appliance.text import _

MAX_ROUNDS = 500
F = TypeVar("F", bound=Fields)

GOOD = "last good copy"
DEFAULT = "default"
LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Mended:
    """One mistake of a document: which page and field, what was wrong, what is used instead."""

    page: str
    path: str
    code: str
    text: str
    used: str

    def sentence(self) -> str:
        """Say it in one line, for the log and the event."""
        where = f"{self.page}.{self.path}" if self.path else self.page
        instead = {
            GOOD: _("its last good value is used"),
            DEFAULT: _("its default is used"),
            LEFT_OUT: _("it is left out"),
        }[self.used]
        return _("{where} {text}; {instead}.").format(where=where, text=self.text, instead=instead)

    def as_dict(self) -> dict[str, str]:
        """Return the form that goes over the bus."""
        return {
            "page": self.page,
            "path": self.path,
            "code": self.code,
            "text": self.text,
            "used": self.used,
        }


def check(model: type[F], values: Any) -> tuple[F | None, list[FieldProblem]]:
    """Return the valid fields, or every wrong one at once.

    Fields that do not fit together are found too while others are wrong.
    """
    try:
        fields = model.model_validate(values)
    except ValidationError as error:
        problems = problems_of(error)
    else:
        problems = conflicts_of(fields)
        return (None, problems) if problems else (fields, [])
    wrong = {problem.path for problem in problems}
    others = conflicts_of(as_far_as_right(model, values, wrong))
    return None, problems + [problem for problem in others if problem.path not in wrong]


def mend(page: str, model: type[F], raw: Any, good: Any) -> tuple[F, list[Mended]]:
    """Return valid fields made of `raw`, and what was wrong with it.

    A wrong field takes its value from `good` (the last good copy, possibly None or wrong itself),
    else its default; an entry of a list that makes no sense even so is left out.
    """
    mender = _Mender(page, model, raw, good)
    return mender.run(), mender.notes


class _Mender:
    def __init__(self, page: str, model: type[Any], raw: Any, good: Any) -> None:
        self._page = page
        self._model = model
        self._good = good
        self._tried: dict[Path, int] = {}
        self._told: set[str] = set()
        self.notes: list[Mended] = []
        self._work: Any = copy.deepcopy(raw)

    def run(self) -> Any:
        for _round in range(MAX_ROUNDS):
            fields, problems = self._look()
            if not problems:
                return fields
            for problem in sorted(problems, key=_order, reverse=True):
                self._fix(problem)
        self._note(FieldProblem((), "unusable", _("is beyond repair")), DEFAULT)
        return self._model()

    def _look(self) -> tuple[Any, list[FieldProblem]]:
        try:
            fields = self._model.model_validate(self._work)
        except ValidationError as error:
            return None, problems_of(error)
        return fields, conflicts_of(fields)

    def _fix(self, problem: FieldProblem) -> None:
        path = problem.path
        name = self._name(path)
        if problem.code == "unknown":
            _drop(self._work, path)
            self._note(problem, LEFT_OUT, name)
        elif problem.code == "duplicate":
            while path and not isinstance(path[-1], int):
                path = path[:-1]
            self._drop_entry(problem, path, name)
        else:
            self._replace(problem, name)

    def _replace(self, problem: FieldProblem, name: str) -> None:
        """Try, in this order: last good value, default, leaving out the entry, the group above."""
        path = problem.path
        while True:
            step = self._tried.get(path, 0)
            self._tried[path] = step + 1
            if step == 0 and self._from_good(path):
                self._note(problem, GOOD, name)
                return
            if path == problem.path and self._apply(problem):
                self._note(problem, DEFAULT, name)
                return
            if step <= 2 and _drop_field(self._work, path):
                self._note(problem, DEFAULT, name)
                return
            if path and isinstance(path[-1], int):
                self._drop_entry(problem, path, name)
                return
            if not path:
                self._work = {}
                self._note(problem, DEFAULT, name)
                return
            path = path[:-1]

    def _apply(self, problem: FieldProblem) -> bool:
        """Set the fields beside a conflict that make it go away; once for each place."""
        parent = _find(self._work, problem.path[:-1])
        key = (*problem.path, "mend")
        if problem.mend is None or key in self._tried or not isinstance(parent, dict):
            return False
        self._tried[key] = 1
        parent.update(problem.mend)
        return True

    def _drop_entry(self, problem: FieldProblem, path: Path, name: str) -> None:
        _drop(self._work, path)
        self._tried.clear()
        self._note(problem, LEFT_OUT, name)

    def _from_good(self, path: Path) -> bool:
        """Put the last good copy's value at `path`; False where it has none or the same."""
        found = _find(self._good, self._good_path(path))
        if found is _MISSING or found == _find(self._work, path):
            return False
        parent = _find(self._work, path[:-1])
        if not path:
            self._work = copy.deepcopy(found)
            return True
        key = path[-1]
        if isinstance(parent, dict):
            parent[key] = copy.deepcopy(found)
            return True
        if isinstance(parent, list) and isinstance(key, int):
            parent[key] = copy.deepcopy(found)
            return True
        return False

    def _good_path(self, path: Path) -> Path:
        """Follow entries of lists by their id, not by their place."""
        result: list[str | int] = []
        for depth, part in enumerate(path):
            if isinstance(part, int) and not isinstance(part, bool):
                mine = _find(self._work, path[: depth + 1])
                theirs = _find(self._good, tuple(result))
                if isinstance(mine, dict) and "id" in mine and isinstance(theirs, list):
                    for number, entry in enumerate(theirs):
                        if isinstance(entry, dict) and entry.get("id") == mine["id"]:
                            part = number
                            break
                    else:
                        return (*result, -1)
            result.append(part)
        return tuple(result)

    def _name(self, path: Path) -> str:
        """Write a path with the ids of entries in the place of their numbers."""
        parts: list[str | int] = []
        for depth, part in enumerate(path):
            entry = _find(self._work, path[: depth + 1])
            named = isinstance(part, int) and isinstance(entry, dict)
            known = entry.get("id") if named else None
            parts.append(known if isinstance(known, int | str) else part)
        return dotted(tuple(parts))

    def _note(self, problem: FieldProblem, used: str, name: str | None = None) -> None:
        name = self._name(problem.path) if name is None else name
        if name in self._told:
            self.notes[:] = [
                Mended(n.page, n.path, n.code, n.text, used) if n.path == name else n
                for n in self.notes
            ]
            return
        self._told.add(name)
        self.notes.append(Mended(self._page, name, problem.code, problem.text, used))


_MISSING = object()


def _order(problem: FieldProblem) -> tuple[tuple[int, int | str], ...]:
    return tuple((0, part) if isinstance(part, int) else (1, part) for part in problem.path)


def _find(values: Any, path: Path) -> Any:
    for part in path:
        inside_list = isinstance(part, int) and isinstance(values, list)
        if inside_list and 0 <= int(part) < len(values):
            values = values[int(part)]
        elif isinstance(values, dict) and part in values:
            values = values[part]
        else:
            return _MISSING
    return values


def _drop_field(values: Any, path: Path) -> bool:
    """Remove a field from its group, so that its default holds; False if it is not there."""
    parent = _find(values, path[:-1]) if path else _MISSING
    if isinstance(parent, dict) and path[-1] in parent:
        parent.pop(path[-1])
        return True
    return False


def _drop(values: Any, path: Path) -> None:
    """Remove what is at `path`, where there is something."""
    parent = _find(values, path[:-1]) if path else _MISSING
    last = path[-1] if path else None
    if isinstance(parent, list) and isinstance(last, int) and last < len(parent):
        del parent[last]
    else:
        _drop_field(values, path)
