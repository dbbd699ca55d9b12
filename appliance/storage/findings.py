"""What a check found, in words and in codes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.  `code` is stable; `block` is None where it concerns the volume.

    Codes of problems: altered, missing, lock_lost, claimed_twice, sequence_twice, catalogue,
    foreign_block, unreadable.  Notes: retired, open, unsigned, suspect, erasing, begun.
    """

    severity: Severity
    code: str
    text: str
    block: int | None = None


@dataclass(slots=True)
class Findings:
    """All that a check found, with counts of what was in order."""

    found: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def problem(self, code: str, text: str, block: int | None = None) -> None:
        """Add something that must not be."""
        self.found.append(Finding("problem", code, text, block))

    def note(self, code: str, text: str, block: int | None = None) -> None:
        """Add something a person may want to know."""
        self.found.append(Finding("note", code, text, block))

    @property
    def problems(self) -> list[Finding]:
        """What must not be."""
        return [f for f in self.found if f.severity == "problem"]
