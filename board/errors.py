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


class Phrase:
    """A part of a sentence that has values of its own: one of the values of an error."""

    def __init__(self, template: str, **values: object) -> None:
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return self.template.format(**self.values) if self.values else self.template


class ProfileError(BoardError):
    """A board profile is wrong.  `file` and `line` (from 1; 0: the file as a whole) say where.

    `template` is the sentence of the reason, constant like that of every error of the board.
    """

    def __init__(self, file: str, line: int, template: str, /, **values: object) -> None:
        reason = Phrase(template, **values)
        if line:
            sentence = "{file}, line {line}: {reason}"
            super().__init__("board.profile", sentence, file=file, line=line, reason=reason)
        else:
            super().__init__("board.profile", "{file}: {reason}", file=file, reason=reason)
        self.file = file
        self.line = line
        self.reason = str(reason)
