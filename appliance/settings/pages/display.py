"""Page Display: how the pages of the recorder look in browsers."""

from __future__ import annotations

from typing import ClassVar, Literal

from appliance.settings.declare import Page, PageSpec, Section, setting
from appliance.text import _


class DisplayPage(Page):
    """DISPLAY > Browser."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="display",
        title=_("Display"),
        menu="DISPLAY",
        help=_("How live view and pages look in every browser; a browser may choose otherwise."),
        sections=(Section("live", _("Live view")), Section("look", _("Look"))),
    )

    channel_title: bool = setting(
        True,
        title=_("Names of the cameras"),
        help=_("Shown over each picture."),
        section="live",
        synonyms=(_("overlay"), _("channel title"), "OSD"),
        requirements=("D2-DI-03",),
    )
    time_title: bool = setting(
        True,
        title=_("Date and time"),
        help=_("Shown over each picture."),
        section="live",
        synonyms=(_("overlay"), _("time title"), _("clock"), "OSD"),
        requirements=("D2-DI-03",),
    )
    scheme: Literal["dark", "light"] = setting(
        "dark",
        title=_("Colours"),
        help=_("For browsers in which nobody has chosen yet."),
        choices={"dark": _("Dark"), "light": _("Light")},
        section="look",
        synonyms=(_("theme"), _("night mode")),
    )
