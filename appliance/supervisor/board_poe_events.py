"""Changes of the PoE ports as events: begun and ended on the edge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.events.book import EventBook
from appliance.supervisor.board_poe_words import reason_text
from appliance.supervisor.board_words import error_text
from appliance.text import _
from board.poe.model import BudgetChange, Change, ChipChange, PortChange, PortState

SOURCE = "poe"

_ENDS_NO_POWER: frozenset[PortState] = frozenset(
    {"on", "searching", "disabled", "no_pd", "fault", "cycling"}
)
_ENDS_FAULT: frozenset[PortState] = frozenset({"on", "searching", "disabled", "no_pd", "cycling"})
_SCARCE = frozenset({"budget", "measured", "priority"})


class PoeEvents:
    """Raises and ends events; a port that is tried again and fails again is one event."""

    def __init__(self, book: EventBook) -> None:
        self._book = book
        self.dead_text: Callable[[int], str] = lambda _port: ""

    def begin(self) -> None:
        """End what a former life of the supervisor left open: states are told anew."""
        self._book.sync(SOURCE, [])

    def tell(self, change: Change) -> None:
        """Take a change."""
        match change:
            case PortChange():
                self._port(change)
            case ChipChange():
                self._chip(change)
            case BudgetChange():
                self._budget(change)

    def other_switch(self, port: int, count: int) -> None:
        """Take how many devices are behind a port that should have one; 0: it has again."""
        if count:
            self._raise("poe_other_switch", f"port-{port}", port=port, count=count)
        else:
            self._end("poe_other_switch", f"port-{port}")

    def camera_dead(self, port: int, reason: str) -> None:
        """A camera does not answer, and its port is not switched off and on for it."""
        self._raise("poe_camera_dead", f"port-{port}", port=port, reason=reason)

    def camera_answers(self, port: int) -> None:
        """It answers again, or something is done about it."""
        self._end("poe_camera_dead", f"port-{port}")

    def board_unusable(self, reason: str) -> None:
        """The profile cannot be used."""
        self._raise("board_unusable", "board", reason=reason)

    def _port(self, change: PortChange) -> None:
        port, state = change.now, change.now.state
        key, reason = f"port-{port.number}", reason_text(port.reason)
        if state == "waiting" and port.reason in _SCARCE:
            self._raise("poe_no_power", key, port=port.number, reason=reason)
        elif state in _ENDS_NO_POWER:
            self._end("poe_no_power", key)
        if state == "fault":
            self._raise("poe_fault", key, port=port.number, reason=reason)
        elif state in _ENDS_FAULT:
            self._end("poe_fault", key)
        if state == "no_pd":
            self._raise("poe_not_powerable", key, port=port.number, reason=reason)
        elif state not in ("unreachable", change.before):
            self._end("poe_not_powerable", key)
        if state == "on" and change.before not in ("on", "unreachable"):
            pd_class = "-" if port.pd_class is None else port.pd_class
            self._raise("poe_power_on", "", port=port.number, **{"class": pd_class})
        elif change.before == "on" and state in ("searching", "disabled"):
            why = _("The device was unplugged.") if state == "searching" else ""
            self._raise("poe_power_off", "", port=port.number, reason=why)
        if state == "cycling" and change.before != "cycling":
            why = self.dead_text(port.number) if port.reason == "camera" else ""
            self._raise("poe_cycled", "", port=port.number, reason=why or reason)

    def _chip(self, change: ChipChange) -> None:
        chip = change.now
        if chip.failure is not None:
            ports, reason = ", ".join(map(str, chip.ports)), error_text(chip.failure)
            self._raise("poe_chip", f"chip-{chip.name}", ports=ports, reason=reason)
        else:
            self._end("poe_chip", f"chip-{chip.name}")

    def _budget(self, change: BudgetChange) -> None:
        self._end("poe_derated", "budget")
        if change.now_w >= change.most_w:
            return
        if change.temperature_c is None:
            reason = _("Its temperature is not known.")
        else:
            reason = _("It is {celsius} degrees Celsius warm.").format(
                celsius=round(change.temperature_c)
            )
        self._raise(
            "poe_derated",
            "budget",
            watts=round(change.now_w),
            most=round(change.most_w),
            reason=reason,
        )

    def _raise(self, kind: str, key: str, **details: Any) -> None:
        self._book.raise_event(kind, key=key, source=SOURCE, details=details)

    def _end(self, kind: str, key: str) -> None:
        self._book.end_event(kind, key)
