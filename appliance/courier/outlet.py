"""What an outlet is: a way out of the box, asked by its worker to deliver what waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class DeliveryError(Exception):
    """Something could not be delivered; `text` says why and what to do, in words.

    `permanent`: it never will be, however often it is tried (a refused or malformed message).
    """

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may wait for an outlet: messages, and bytes of all together."""

    items: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to deliver.  Times are ms UTC; `expires_ms` is None where it is never too late.

    `key` names the destination or the subject: of two messages with the same key that is not empty
    only the newer one is delivered.
    """

    id: int
    outlet: str
    key: str
    body: Mapping[str, Any]
    created_ms: int
    expires_ms: int | None


class Outlet(Protocol):
    """A way out.  `ordered` outlets deliver in order and many at once, the others one by one.

    `bounds` is what may wait.  `deliver` returns once the other side has all of `messages`; it
    raises DeliveryError.  `ready` is false while the outlet is switched off: what waits then stays.
    """

    name: str
    ordered: bool
    batch: int
    timeout_s: float
    bounds: Bounds

    @property
    def ready(self) -> bool:
        """Whether the outlet is switched on."""

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Deliver; raise DeliveryError."""

    def check(self, body: Mapping[str, Any]) -> None:
        """Raise ValueError, with the reason in words, where `body` can never be delivered."""

    async def close(self) -> None:
        """Let go of connections."""
