"""The errors of the board: each says what happened, to what, and what to do; codes are stable."""

from __future__ import annotations


class BoardError(Exception):
    """Something of the board did not work.  `code` is for programs, `text` for people.

    `template` is the sentence without `values`: constant, so that catalogues can have it.
    """

    def __init__(self, code: str, template: str, **values: object) -> None:
        self.code = code
        self.template = template
        self.values = values
        self.text = template.format(**values) if values else template
        super().__init__(self.text)


class ProfileError(BoardError):
    """A board profile is wrong.  `file` and `line` (from 1; 0: the file as a whole) say where."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        where = f"{file}, line {line}" if line else file
        super().__init__("board.profile", "{where}: {reason}", where=where, reason=reason)
        self.file = file
        self.line = line
        self.reason = reason
