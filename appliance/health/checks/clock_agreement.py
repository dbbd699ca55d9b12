"""Clocks that do not agree: ours, the battery-backed one, the time server."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

APART_S = 60.0
"""A battery-backed clock drifts by 20 ppm at worst: less than a minute in a month without power."""
SERVER_APART_S = 5.0


class ClockAgreement(Check):
    """Fires where two of them are further apart than clocks drift, or no time server answers."""

    slug = "clock_agreement"
    title = _("Clocks do not agree")
    interval_s = 30.0
    raise_s = 120.0
    clear_s = 60.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the clocks."""
        clock = facts.clock
        if clock is None:
            return
        todo = _("Check date and time and where the recorder gets them from.")
        if clock.rtc_ahead_s is not None and abs(clock.rtc_ahead_s) > APART_S:
            text = _(
                "The clock of the recorder and its battery-backed clock are {seconds} s apart. "
                "After a power cut the time may be wrong."
            ).format(seconds=round(abs(clock.rtc_ahead_s)))
            yield Finding("clock_battery_apart", "warning", text, "host", todo=todo)
        if clock.server_ahead_s is not None and abs(clock.server_ahead_s) > SERVER_APART_S:
            text = _("The clock of the recorder and the time server are {seconds} s apart.").format(
                seconds=round(abs(clock.server_ahead_s))
            )
            yield Finding("clock_server_apart", "warning", text, "host", todo=todo)
        if clock.time_server and clock.synchronised is False:
            text = _("No time server answers; the clock of the recorder goes by itself.")
            yield Finding("clock_unsynchronised", "warning", text, "host", todo=todo)
