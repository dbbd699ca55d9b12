"""Page General: the box's name, time zone and habits of display."""

from __future__ import annotations

from typing import ClassVar, Literal

from appliance.settings.declare import Page, PageSpec, Section, Widget, setting
from appliance.settings.values import Line, ZoneName
from appliance.text import _


class GeneralPage(Page):
    """SYSTEM > General."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="general",
        title=_("General"),
        menu="SYSTEM",
        help=_("How this recorder is called and how it tells the time."),
        sections=(
            Section("box", _("Recorder")),
            Section("time", _("Time")),
            Section("live", _("Live view")),
        ),
    )

    name: Line = setting(
        "NVR",
        title=_("Name"),
        help=_("Shown in the browser, on the screen and in messages."),
        min_length=1,
        max_length=63,
        section="box",
    )
    zone: ZoneName = setting(
        "UTC",
        title=_("Time zone"),
        help=_(
            "Schedules, calendars and shown times follow this zone, daylight saving included. "
            "Footage is kept in UTC, so a change moves nothing."
        ),
        widget=Widget.TIME_ZONE,
        section="time",
    )
    clock: Literal["24h", "12h"] = setting(
        "24h",
        title=_("Clock"),
        choices={"24h": "14:03", "12h": "2:03 pm"},
        section="time",
    )
    week_start: Literal["monday", "sunday"] = setting(
        "monday",
        title=_("Week starts on"),
        choices={"monday": _("Monday"), "sunday": _("Sunday")},
        section="time",
    )
    instant_playback_minutes: int = setting(
        5,
        title=_("Instant playback"),
        help=_("So far back a tile of the live view goes at once; a browser may choose otherwise."),
        minimum=5,
        maximum=60,
        unit=_("min"),
        section="live",
        requirements=("D1-LV-20",),
    )
