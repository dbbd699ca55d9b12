"""What verifying an export found, in words safe to show: an export is a stranger's word."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.export.words import MOST_NAME, plain
from appliance.storage.signing import fingerprint

MOST_PROBLEMS = 1000
"""So many are kept; more are counted."""

Signer = Literal["own", "given", "unknown", "nobody"]
"""Whose signature it is: this box's, that of the key asked for, a stranger's, or none."""


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
