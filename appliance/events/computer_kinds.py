"""Kinds of events of the recorder as a computer: power and time."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def computer_kinds() -> list[EventKind]:
    """Return the kinds."""
    return [*_power(), *_time()]


def _power() -> list[EventKind]:
    return [
        EventKind(
            "shutdown_ordered",
            _("Switched off"),
            "info",
            _("Switched off by {actor}. Reason given: {reason}"),
            _("The recorder ended in order; nothing is recorded until it is switched on again."),
            has_end=False,
        ),
        EventKind(
            "restart_ordered",
            _("Restarted"),
            "info",
            _("Restarted by {actor}. Reason given: {reason}"),
            _("The recorder ended in order and started again."),
            has_end=False,
        ),
        EventKind(
            "restart_planned",
            _("Restart planned"),
            "warning",
            _("By its plan the recorder restarts at {time}, as soon as no job runs."),
            _("Recording pauses for about a minute. It can be put off on the page Power."),
        ),
        EventKind(
            "restart_left_out",
            _("Planned restart left out"),
            "info",
            _("The planned restart did not take place: {reason}."),
            _("The next one follows by the plan."),
            has_end=False,
        ),
    ]


def _time() -> list[EventKind]:
    return [
        EventKind(
            "time_server_wrong",
            _("Time server not believed"),
            "warning",
            _("{server} says a time that differs by {offset}. It is not followed."),
            _("Either that server is wrong, or the clock of the recorder is: set it by hand."),
        ),
        EventKind(
            "time_not_applied",
            _("Time settings not in force"),
            "error",
            "{reason}",
            _("What was set on the page Time could not be applied to the computer."),
        ),
        EventKind(
            "time_set",
            _("Clock set"),
            "warning",
            _("{actor} set the clock from {before} to {after}."),
            _("Footage from before and after may overlap, or a gap may show."),
            has_end=False,
        ),
    ]
