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
        synonyms=(_("basic"),),
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
        synonyms=(_("device name"), _("hostname")),
        requirements=("D2-SY-01", "A10.1"),
    )
    number: int = setting(
        1,
        title=_("Number"),
        help=_("Tells recorders apart where several stand together."),
        minimum=1,
        maximum=255,
        section="box",
        synonyms=(_("device number"),),
        requirements=("D2-SY-01",),
    )
    language: Literal["en", "en-XA", "ar-XB"] = setting(
        "en",
        title=_("Language"),
        help=_(
            "Of the pages, for browsers in which nobody has chosen yet. The last two show "
            "whoever translates what is not ready for it."
        ),
        choices={
            "en": "English",
            "en-XA": _("English, lengthened"),
            "ar-XB": _("English, right to left"),
        },
        section="box",
        requirements=("D2-SY-02", "A10.1"),
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
        synonyms=(_("daylight saving"), _("summer time"), "DST", "UTC"),
        requirements=("D2-SY-21",),
    )
    date_format: Literal["d MMM yyyy", "yyyy-MM-dd", "dd.MM.yyyy", "dd/MM/yyyy", "MM/dd/yyyy"] = (
        setting(
            "d MMM yyyy",
            title=_("Dates"),
            choices={
                "d MMM yyyy": "24 Dec 2026",
                "yyyy-MM-dd": "2026-12-24",
                "dd.MM.yyyy": "24.12.2026",
                "dd/MM/yyyy": "24/12/2026",
                "MM/dd/yyyy": "12/24/2026",
            },
            section="time",
            synonyms=(_("date format"), _("separator")),
            requirements=("D2-SY-22",),
        )
    )
    clock: Literal["24h", "12h"] = setting(
        "24h",
        title=_("Clock"),
        choices={"24h": "14:03", "12h": "2:03 pm"},
        section="time",
        synonyms=(_("time format"), _("12 hours"), _("24 hours"), "AM/PM"),
        requirements=("D2-SY-22",),
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
