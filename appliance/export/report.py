"""What verifying an export found, in words safe to show: an export is a stranger's word."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.storage.signing import fingerprint

MOST_PROBLEMS = 1000
"""So many are kept; more are counted."""

MOST_NAME = 200
MOST_TEXT = 500
_JOINERS = "\u200c\u200d"
"""Persian and other names need them; they move nothing."""

Signer = Literal["own", "given", "unknown", "nobody"]
"""Whose signature it is: this box's, that of the key asked for, a stranger's, or none."""


def plain(text: object, most: int = MOST_TEXT) -> str:
    """Return a stranger's text as it may be shown in a terminal, a log or a page.

    One line of at most `most` characters; control characters, marks that turn the direction of
    writing, and what is no text at all become U+FFFD.
    """
    words = str(text)[: most + 1]
    shown = "".join(
        " " if c in "\n\t" else c if c in _JOINERS or _shows(c) else "\ufffd" for c in words
    )
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _shows(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file of an export: stable `code`, words that name what and when."""

    file: str
    code: str
    text: str


@dataclass(slots=True)
class Report:
    """What was found.

    `key` is the public key (hex) that signed, empty where there is no valid signature; `signer`
    says whose that is; `manifest` is what it says (a stranger's word: show it by `plain`), None
    for a movie without one.  `checked` names the files that were read, `fragments` counts those
    that are as they were recorded, `count` all problems: only the first of them are kept.
    """

    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    notes: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    fragments: int = 0
    key: str = ""
    signer: Signer = "nobody"
    manifest: dict[str, Any] | None = None

    @property
    def fingerprint(self) -> str:
        """The key as people compare it; empty where nobody signed."""
        return fingerprint(self.key) if self.key else ""

    @property
    def proved(self) -> bool:
        """Whether all is as it was exported, by a recorder whose key is known here."""
        return not self.count and self.signer in ("own", "given")

    def problem(self, file: str, code: str, text: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(plain(file, MOST_NAME), code, plain(text)))

    def note(self, text: str) -> None:
        """Note what is worth knowing and no problem."""
        if len(self.notes) < MOST_PROBLEMS:
            self.notes.append(plain(text))
