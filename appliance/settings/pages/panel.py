"""Page Front panel: lights and sounds of the box."""

from __future__ import annotations

from typing import ClassVar

from appliance.settings.declare import Page, PageSpec, Section, setting
from appliance.text import _


class PanelPage(Page):
    """SYSTEM > Front panel."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="panel",
        title=_("Front panel"),
        menu="SYSTEM",
        help=_("What the recorder shows and sounds by itself."),
        sections=(Section("panel", ""),),
        synonyms=("LED", _("lights"), _("beep")),
    )

    lights: bool = setting(
        True,
        title=_("Lights"),
        help=_("Off: only faults and alarms light up."),
        section="panel",
        synonyms=("LED", _("indicator")),
        requirements=("A5.9",),
    )
    buzz_faults: bool = setting(
        False,
        title=_("Buzzer with faults"),
        help=_("A short beep every two seconds for five minutes when something goes wrong."),
        section="panel",
        synonyms=(_("beep"),),
    )
