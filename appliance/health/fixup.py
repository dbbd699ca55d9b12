"""What a fixup is: a button at a finding, with the right it takes and what it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

from appliance.accounts.permission import Permission
from appliance.health.finding import Finding


class Hands(Protocol):
    """What the supervisor does for a fixup."""

    async def ask(self, peer: str, method: str, params: dict[str, Any]) -> Any:
        """Ask another process; raise BusError."""

    async def cycle_port(self, port: int) -> None:
        """Switch a PoE port off and on; raise BusError."""

    def restart_process(self, name: str, actor: str) -> None:
        """Start a process anew; raise BusError where there is none of that name."""

    def recorders(self) -> list[str]:
        """Return the names of the recorders that run."""

    def seen(self) -> None:
        """Take note that a person has looked at what was mended."""


class Fixup(ABC):
    """One way to mend.

    `slug` is for programs, `title` on the button; `confirm` is asked first where it is not empty,
    `done` is said afterwards.  Who presses it needs `permission`.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    permission: ClassVar[Permission]
    confirm: ClassVar[str] = ""
    done: ClassVar[str] = ""

    @abstractmethod
    async def apply(self, finding: Finding, hands: Hands, actor: str) -> None:
        """Do it; raise BusError with what is in the way."""
