"""Page Alarm inputs: the contacts at the box, and the output that each closes directly."""

from __future__ import annotations

from typing import ClassVar, Literal

from appliance.settings.declare import Collection, Item, Page, PageSpec, Section, setting
from appliance.settings.values import Line
from appliance.text import _

MAX_INPUTS = 16

OutputName = Literal["relay-1", "relay-2", "relay-3", "relay-4", "relay-5", "supply-1"]
OUTPUT_TITLES: dict[str, str] = {
    "relay-1": _("Relay 1"),
    "relay-2": _("Relay 2"),
    "relay-3": _("Relay 3"),
    "relay-4": _("Relay 4"),
    "relay-5": _("Relay 5"),
    "supply-1": _("Switched 12 V"),
}


_ALARM = {"disarms": [False]}


class AlarmInput(Item):
    """One terminal; the box adds an entry for each that it has."""

    id: int = setting(..., title=_("Input"), minimum=1, maximum=MAX_INPUTS, section="input")
    name: Line = setting(
        "",
        title=_("Name"),
        help=_("Of the door, detector or button that is wired to it."),
        max_length=63,
        section="input",
    )
    contact: Literal["no", "nc"] = setting(
        "no",
        title=_("Contact"),
        help=_(
            "Normally open: closing it to GND is the alarm. Normally closed: opening it is, and a "
            "cut wire too."
        ),
        choices={"no": _("Normally open"), "nc": _("Normally closed")},
        section="input",
        synonyms=("NO", "NC", _("alarm type")),
        requirements=("D1-AW-02", "D2-AL-10"),
    )
    debounce_ms: int = setting(
        30,
        title=_("Debounce time"),
        help=_("So long a contact has to rest before it counts. More for worn contacts."),
        unit="ms",
        minimum=20,
        maximum=50,
        section="input",
        synonyms=(_("anti-dither"),),
    )
    disarms: bool = setting(
        False,
        title=_("Disarm switch"),
        help=_(
            "A key switch is wired to it: while it is active, the other inputs close no output and "
            "sound no buzzer. Their alarms are recorded as events all the same."
        ),
        section="input",
        synonyms=(_("disarming"), _("key switch")),
        requirements=("D2-AL-15",),
    )
    output: OutputName | None = setting(
        None,
        title=_("Closes"),
        help=_("Directly, with every alarm and whatever else the recorder does."),
        choices=OUTPUT_TITLES,
        empty_title=_("Nothing"),
        visible_when=_ALARM,
        section="link",
        synonyms=(_("relay"), _("linkage"), _("siren")),
        requirements=("D1-PL-02", "D1-SR-12", "D1-SR-13"),
    )
    seconds: int | None = setting(
        None,
        title=_("For"),
        help=_("With every alarm anew."),
        unit="s",
        minimum=1,
        maximum=300,
        empty_title=_("As long as the alarm lasts"),
        visible_when=_ALARM,
        section="link",
        synonyms=(_("delay"), _("pulse")),
    )
    buzzer: bool = setting(
        False,
        title=_("Buzzer"),
        help=_("Sounds while the alarm lasts, for five minutes at most."),
        visible_when=_ALARM,
        section="link",
        synonyms=(_("beep"),),
    )


class AlarmInputsPage(Page):
    """ALARM > Inputs."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="alarm_inputs",
        title=_("Alarm inputs"),
        menu="ALARM",
        help=_("Detectors and buttons wired to the terminals of the recorder."),
        collection=Collection(
            field="items",
            item_title=_("Input"),
            capacity=MAX_INPUTS,
            fixed=True,
            sections=(Section("input", ""), Section("link", _("With an alarm"))),
            columns=("id", "name", "contact", "output"),
        ),
        synonyms=(_("contacts"), _("terminals"), _("local alarm")),
    )

    items: list[AlarmInput] = setting([], title=_("Inputs"), max_length=MAX_INPUTS)
