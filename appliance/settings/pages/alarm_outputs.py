"""Page Alarm outputs: relays and the switched supply, whether they follow alarms."""

from __future__ import annotations

from typing import ClassVar, Literal

from appliance.settings.declare import Collection, Item, Page, PageSpec, Section, setting
from appliance.settings.pages.alarm_inputs import OUTPUT_TITLES, OutputName
from appliance.settings.values import Line
from appliance.text import _

MAX_OUTPUTS = len(OUTPUT_TITLES)


class AlarmOutput(Item):
    """One output; the box adds an entry for each that it has."""

    id: OutputName = setting(..., title=_("Output"), choices=OUTPUT_TITLES, section="output")
    name: Line = setting(
        "",
        title=_("Name"),
        help=_("Of the siren, lamp or lock that is wired to it."),
        max_length=63,
        section="output",
    )
    mode: Literal["auto", "manual", "off"] = setting(
        "auto",
        title=_("Mode"),
        help=_("Auto follows alarms and people. Manual is always on, Off never."),
        choices={"auto": _("Auto"), "manual": _("Manual: always on"), "off": _("Off")},
        section="output",
        requirements=("D2-AL-20",),
    )


class AlarmOutputsPage(Page):
    """ALARM > Outputs."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="alarm_outputs",
        title=_("Alarm outputs"),
        menu="ALARM",
        help=_("Relays and the switched 12 V at the terminals of the recorder."),
        collection=Collection(
            field="items",
            item_title=_("Output"),
            capacity=MAX_OUTPUTS,
            fixed=True,
            sections=(Section("output", ""),),
            columns=("id", "name", "mode"),
        ),
        synonyms=(_("relays"), _("siren"), "CTRL"),
    )

    items: list[AlarmOutput] = setting([], title=_("Outputs"), max_length=MAX_OUTPUTS)
