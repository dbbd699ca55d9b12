"""Tells on which line of a TOML file a key stands, so that a mistake can be pointed at."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Names of tables and keys, and numbers (from 0) of entries of lists of tables."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'")


class Lines:
    """Finds lines by path; a path that has no line of its own is on its nearest parent's."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        table: Path = ()
        depth = 0
        for number, line in enumerate(text.splitlines(), 1):
            if depth == 0 and (header := _HEADER.match(line)):
                table = self._open(_names(header[2]), many=header[1] == "[[")
                self._lines.setdefault(table, number)
                continue
            if depth == 0 and (key := _KEY.match(line)):
                self._lines.setdefault((*table, *_names(key[1])), number)
            bare = _STRING.sub("", line).split("#", 1)[0]
            depth = max(0, depth + bare.count("[") - bare.count("]"))

    def of(self, path: Path) -> int:
        """Return the line (from 1) of a key or table; 0 where not even a parent has one."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return 0

    def _open(self, names: list[str], *, many: bool) -> Path:
        """Return the path of a table header; parents that are lists mean their last entry."""
        path: Path = ()
        for index, name in enumerate(names):
            path = (*path, name)
            if many and index == len(names) - 1:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path


def _names(dotted: str) -> list[str]:
    parts = re.findall(r"[\w-]+|\"[^\"]*\"|'[^']*'", dotted)
    return [part.strip("\"'") for part in parts]
