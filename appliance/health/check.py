"""What a check is: a small class that looks at the facts and tells what is wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from appliance.health.facts import Facts
from appliance.health.finding import Finding


class Check(ABC):
    """One question to the box.

    `slug` is for programs, `title` for people.  It looks every `interval_s` (0: whenever somebody
    asks).  What it finds counts once it has lasted `raise_s`, and is over once it was not found
    for `clear_s`, so that nothing flaps.  A check may remember what it saw before.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    interval_s: ClassVar[float] = 0.0
    raise_s: ClassVar[float] = 0.0
    clear_s: ClassVar[float] = 0.0

    @abstractmethod
    def look(self, facts: Facts) -> Iterable[Finding]:
        """Return what is wrong now; waits for nothing."""
