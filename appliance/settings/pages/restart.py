"""Page Automatic restart: when the recorder starts anew by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from appliance.settings.declare import Conflict, Page, PageSpec, Section, setting
from appliance.settings.values import TimeOfDay
from appliance.text import _

DAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
    "saturday": _("Saturday"),
    "sunday": _("Sunday"),
    "every": _("Every day"),
}


class RestartPage(Page):
    """MAINTAIN > Automatic restart."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="restart",
        title=_("Automatic restart"),
        menu="MAINTAIN",
        help=_(
            "Starts the recorder anew at a quiet hour. Each restart is announced five minutes "
            "before, and interrupts recording for about a minute."
        ),
        sections=(Section("restart", ""),),
        synonyms=(_("auto reboot"), _("reboot"), _("maintenance")),
    )

    automatic: bool = setting(
        False,
        title=_("Restart by itself"),
        section="restart",
        requirements=("D2-MT-30",),
    )
    day: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "every"
    ] = setting(
        "sunday",
        title=_("Day"),
        choices=DAYS,
        section="restart",
        visible_when={"automatic": [True]},
        requirements=("D2-MT-30",),
    )
    at: TimeOfDay = setting(
        "03:30",
        title=_("Time"),
        section="restart",
        visible_when={"automatic": [True]},
        requirements=("D2-MT-30",),
    )
    patience_min: int = setting(
        120,
        title=_("Wait for it to be idle"),
        help=_(
            "So long it waits until no export or other job runs and nothing is being "
            "downloaded; after that this restart is left out."
        ),
        minimum=0,
        maximum=720,
        unit=_("min"),
        section="restart",
        visible_when={"automatic": [True]},
        requirements=("D2-MT-30",),
    )

    def conflicts(self) -> Iterable[Conflict]:
        """24:00 is the end of a day, not a time to do something at."""
        if self.at == "24:00":
            yield Conflict(("at",), "time_of_day", _("must be a time from 00:00 to 23:59"))
