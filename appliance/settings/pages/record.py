"""Page Record: the weekly schedule of each channel."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import (
    Collection,
    Conflict,
    Fields,
    Item,
    Page,
    PageSpec,
    Section,
    Widget,
    setting,
)
from appliance.settings.pages.channels import MAX_CHANNELS
from appliance.settings.schedule import DAYS, KINDS, PERIODS_PER_DAY, minutes_of
from appliance.settings.values import TimeOfDay
from appliance.text import _

Kind = Literal["general", "motion", "alarm", "motion_and_alarm", "intelligent", "pos"]

KIND_TITLES: dict[str, str] = {
    "general": _("General"),
    "motion": _("Motion"),
    "alarm": _("Alarm"),
    "motion_and_alarm": _("Motion and alarm"),
    "intelligent": _("Intelligent"),
    "pos": _("POS"),
}

KIND_COLOURS = {
    "general": "green",
    "motion": "yellow",
    "alarm": "red",
    "motion_and_alarm": "orange",
    "intelligent": "blue",
    "pos": "violet",
}
"""The time bar's colours (A9.1); the page maps the names to its palette."""


def _check_kinds(kinds: list[Any]) -> list[Any]:
    if not kinds:
        raise PydanticCustomError("too_short", _("must name at least one kind"))
    return [kind for kind in KINDS if kind in kinds]


class Period(Fields):
    """A stretch of a day in which some kinds are armed; `end` may be 24:00."""

    start: TimeOfDay = setting(..., title=_("From"))
    end: TimeOfDay = setting(..., title=_("To"))
    kinds: Annotated[list[Kind], AfterValidator(_check_kinds)] = setting(
        ..., title=_("Kinds"), choices=KIND_TITLES, requirements=("D1-RC-06",)
    )

    def conflicts(self) -> list[Conflict]:
        """A period ends after it starts."""
        if minutes_of(self.end) > minutes_of(self.start):
            return []
        text = _("must be later than the start")
        start = _("must be earlier than the end")
        return [Conflict(("end",), "conflict", text, others={"start": start})]


def _day() -> Any:
    return setting(
        [Period(start="00:00", end="24:00", kinds=["general"])],
        title="",
        max_length=PERIODS_PER_DAY,
    )


class Week(Fields):
    """Seven days and the set that holidays follow once there are any (D1-RC-10, A9.3)."""

    monday: list[Period] = _day()
    tuesday: list[Period] = _day()
    wednesday: list[Period] = _day()
    thursday: list[Period] = _day()
    friday: list[Period] = _day()
    saturday: list[Period] = _day()
    sunday: list[Period] = _day()
    holiday: list[Period] = _day()


class ChannelSchedule(Item):
    """When which kinds of recording are armed on one channel."""

    id: int = setting(..., title=_("Channel"), minimum=1, maximum=MAX_CHANNELS)
    week: Week = setting(
        Week(),
        title=_("Schedule"),
        help=_(
            "General records all the time of a period; the other kinds record when something "
            "happens in it. Where periods overlap, the most important kind is shown: motion and "
            "alarm, alarm, POS, intelligent, motion, general."
        ),
        widget=Widget.SCHEDULE,
        section="week",
        options={
            "days": list(DAYS),
            "periods_per_day": PERIODS_PER_DAY,
            "kinds": [
                {"value": kind, "title": KIND_TITLES[kind], "colour": KIND_COLOURS[kind]}
                for kind in KINDS
            ],
        },
        requirements=("D1-RC-06", "D1-RC-07", "D1-RC-08", "D1-RC-09", "D1-RC-10", "A9.1"),
    )


class RecordPage(Page):
    """STORAGE > Schedule > Record."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="record",
        title=_("Record schedule"),
        menu="STORAGE",
        help=_("A channel whose mode is Auto records by this week."),
        collection=Collection(
            field="items",
            item_title=_("Schedule"),
            capacity=MAX_CHANNELS,
            follows="channels",
            sections=(Section("week", _("Week")),),
        ),
    )

    items: list[ChannelSchedule] = setting([], title=_("Schedules"), max_length=MAX_CHANNELS)
