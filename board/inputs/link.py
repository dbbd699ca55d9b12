"""The direct link from an alarm input to a relay: an alarm closes it, no rule in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from board.errors import BoardError
from board.inputs.alarm_input import InputChange
from board.relays.relay import Relay


@dataclass(frozen=True, slots=True)
class Link:
    """An input's relay: `seconds` long with each alarm; None: as long as the alarm lasts."""

    relay: str
    seconds: float | None = None


class Links:
    """Passes alarms on to relays; the event engine takes this place with the same two calls.

    `refused` hears why a relay does not follow (it is set to Off), once until it does again.
    """

    def __init__(
        self, relays: Mapping[str, Relay], refused: Callable[[int, BoardError | None], None]
    ) -> None:
        self._relays = relays
        self._refused = refused
        self._links: dict[int, Link] = {}
        self._active: set[int] = set()
        self._told: set[int] = set()
        self._suspended = False

    def set(self, number: int, link: Link | None) -> None:
        """Link input `number`, or no longer.  An alarm that lasts moves to the new relay."""
        before = self._links.get(number)
        if before == link:
            return
        if before is not None and before.relay in self._relays:
            self._relays[before.relay].withdraw(source_of(number))
        self._links.pop(number, None)
        if link is not None:
            self._links[number] = link
            if number in self._active and link.seconds is None:
                self._hold(number, link)

    def suspend(self, *, on: bool) -> None:
        """Let no input hold anything, or again those whose alarm lasts (D2-AL-15)."""
        if on == self._suspended:
            return
        self._suspended = on
        for number, link in self._links.items():
            if link.relay not in self._relays:
                continue
            if on:
                self._relays[link.relay].withdraw(source_of(number))
            elif link.seconds is None and number in self._active:
                self._hold(number, link)

    def take(self, change: InputChange) -> None:
        """Pass on what an input did."""
        self._active.discard(change.number)
        if change.active:
            self._active.add(change.number)
        link = self._links.get(change.number)
        if link is None or link.relay not in self._relays:
            return
        if change.active:
            self._hold(change.number, link)
        elif link.seconds is None:
            self._relays[link.relay].withdraw(source_of(change.number))

    def renew(self, relay: str) -> None:
        """Hold a relay that is on Auto again for alarms that last."""
        for number, link in self._links.items():
            if link.relay == relay and link.seconds is None and number in self._active:
                self._hold(number, link)

    def _hold(self, number: int, link: Link) -> None:
        if self._suspended:
            return
        try:
            self._relays[link.relay].hold(source_of(number), link.seconds)
        except BoardError as error:
            if number not in self._told:
                self._told.add(number)
                self._refused(number, error)
            return
        if number in self._told:
            self._told.discard(number)
            self._refused(number, None)


def source_of(number: int) -> str:
    """Return the name under which an input holds a relay."""
    return f"input {number}"
