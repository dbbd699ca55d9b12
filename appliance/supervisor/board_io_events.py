"""Contacts, outputs, serial lines, temperatures and fans as events, on the edge."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from appliance.events.book import EventBook
from appliance.events.kinds import KINDS
from appliance.supervisor.board_words import error_text
from appliance.text import _
from board.climate.climate import Reading
from board.errors import BoardError

SOURCE = "board"


class IoEvents:
    """Raises and ends events; names for people come from the caller.

    `aside` tells (kind, key) of events whose findings a person has put aside: no light for those.
    """

    def __init__(self, book: EventBook) -> None:
        self._book = book
        self.aside: Callable[[], Collection[tuple[str, str]]] = tuple
        self._sensors: dict[str, str] = {}
        self._told: dict[tuple[str, str], dict[str, Any] | None] = {}

    def begin(self) -> None:
        """End what a former life of the supervisor left open: states are told anew."""
        self._book.sync(SOURCE, [])

    def alarm(self, key: str, name: str, *, active: bool, chattering: bool = False) -> None:
        """An input gives alarm, or no longer."""
        reason = _("The contact does not come to rest.") if chattering else ""
        self._set("alarm_input", key, active, input=name, reason=reason)

    def disarmed(self, key: str, name: str, *, on: bool) -> None:
        """A switch disarms the recorder, or no longer."""
        self._set("disarmed", key, on, input=name)

    def storm(self, key: str, name: str, *, on: bool) -> None:
        """A contact chatters, or no longer."""
        self._set("input_storm", key, on, input=name)

    def fault(self, key: str, name: str, fault: BoardError | None) -> None:
        """A line cannot be used, or can again."""
        reason = error_text(fault)
        self._set("line_fault", key, fault is not None, input=name, reason=reason)

    def output(self, key: str, name: str, *, on: bool, reason: str) -> None:
        """An output is on, or no longer."""
        self._set("output_on", key, on, output=name, reason=reason)

    def worn(self, key: str, name: str, *, on: bool, operations: int, rated: int) -> None:
        """A relay nears the end of its life."""
        self._set("output_worn", key, on, output=name, operations=operations, rated=rated)

    def refused(self, key: str, name: str, output: str, error: BoardError | None) -> None:
        """An output does not follow its alarm, or does again."""
        reason = error_text(error, lambda _key: output)
        on = error is not None
        self._set("link_refused", key, on, input=name, output=output, reason=reason)

    def button(self, name: str, what: str) -> None:
        """A button was held long enough."""
        self._book.raise_event(
            "button_pressed", source=SOURCE, details={"button": name, "reason": what}
        )

    def serial(self, port: str, fault: BoardError | None) -> None:
        """A serial port is out of order, or works again."""
        reason = error_text(fault)
        self._set("serial_gone", port, fault is not None, port=port, reason=reason)

    def box(self, address: int, *, silent: bool) -> None:
        """The alarm box does not answer, or does again."""
        self._set("alarm_box_silent", f"box-{address}", silent, address=address)

    def climate(self, reading: Reading) -> None:
        """Judge a reading; only what changed becomes an event."""
        for sensor in reading.sensors:
            key, celsius = sensor.name, sensor.celsius
            details = {"sensor": sensor.name, "celsius": "-" if celsius is None else round(celsius)}
            before = self._sensors.get(key, "ok")
            self._sensors[key] = sensor.level
            if before != sensor.level:
                self._set("temperature_high", key, sensor.level == "high", **details)
                self._set("temperature_critical", key, sensor.level == "critical", **details)
            reason = error_text(sensor.fault)
            self._set("sensor_fault", key, sensor.fault is not None, reason=reason, **details)
        for fan in reading.fans:
            reason = error_text(fan.fault)
            self._set("fan_failed", fan.name, fan.fault is not None, reason=reason)

    def clock(self, fault: BoardError | None) -> None:
        """The battery-backed clock is out of order, or works again."""
        reason = error_text(fault)
        self._set("clock_battery", "rtc", fault is not None, reason=reason)

    def start(self, text: str) -> None:
        """The computer started, and why."""
        self._book.raise_event("reboot_cause", source=SOURCE, details={"reason": text})

    def open_kinds(self) -> Sequence[tuple[str, str]]:
        """Return kind and severity of every event that lasts, without those put aside."""
        aside = self.aside()
        return [
            (event.kind, KINDS[event.kind].severity)
            for event in self._book.open_events
            if event.kind in KINDS and (event.kind, event.key) not in aside
        ]

    def _set(self, kind: str, key: str, on: bool, **details: Any) -> None:
        told = details if on else None
        if self._told.get((kind, key)) == told:
            return
        self._told[kind, key] = told
        if on:
            self._book.raise_event(kind, key=key, source=SOURCE, details=details)
        else:
            self._book.end_event(kind, key)
