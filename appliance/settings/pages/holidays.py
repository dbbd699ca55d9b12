"""Page Holidays: the days on which schedules follow their holiday row."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from typing import ClassVar, Literal

from appliance.settings.declare import (
    Collection,
    Conflict,
    Item,
    Page,
    PageSpec,
    Section,
    Widget,
    setting,
)
from appliance.settings.values import DateText, Line
from appliance.text import _

MAX_HOLIDAYS = 64
MONTHS = {
    1: _("January"),
    2: _("February"),
    3: _("March"),
    4: _("April"),
    5: _("May"),
    6: _("June"),
    7: _("July"),
    8: _("August"),
    9: _("September"),
    10: _("October"),
    11: _("November"),
    12: _("December"),
}
WEEKS = {1: _("first"), 2: _("second"), 3: _("third"), 4: _("fourth"), 5: _("last")}
WEEKDAYS = {
    0: _("Monday"),
    1: _("Tuesday"),
    2: _("Wednesday"),
    3: _("Thursday"),
    4: _("Friday"),
    5: _("Saturday"),
    6: _("Sunday"),
}
_LEAP_YEAR = 2024
Month = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
Week = Literal[1, 2, 3, 4, 5]
Weekday = Literal[0, 1, 2, 3, 4, 5, 6]
_YEARLY = {"kind": ["month", "week"]}
_MONTH = {"kind": ["month"]}
_WEEK = {"kind": ["week"]}


class Holiday(Item):
    """One holiday, of a day or of several."""

    id: int = setting(..., title=_("Number"), minimum=1, maximum=MAX_HOLIDAYS)
    name: Line = setting(
        "", title=_("Name"), max_length=63, section="holiday", requirements=("D2-SY-30",)
    )
    enabled: bool = setting(True, title=_("In use"), section="holiday")
    kind: Literal["date", "month", "week"] = setting(
        "date",
        title=_("Falls on"),
        help=_(
            "Dates happen once. Days of a month, such as 24 December, and weekdays of a month, "
            "such as the last Monday of May, come again each year."
        ),
        choices={
            "date": _("Dates"),
            "month": _("Days of a month"),
            "week": _("Weekdays of a month"),
        },
        section="holiday",
        synonyms=(_("repeat"), _("every year"), _("once")),
        requirements=("D2-SY-30",),
    )
    first: DateText = setting(
        "",
        title=_("First day"),
        widget=Widget.DATE,
        visible_when={"kind": ["date"]},
        section="holiday",
    )
    last: DateText = setting(
        "",
        title=_("Last day"),
        help=_("Empty: the first day only."),
        widget=Widget.DATE,
        visible_when={"kind": ["date"]},
        section="holiday",
    )
    start_month: Month = setting(
        12, title=_("From month"), choices=MONTHS, visible_when=_YEARLY, section="holiday"
    )
    start_day: int = setting(
        24, title=_("From day"), minimum=1, maximum=31, visible_when=_MONTH, section="holiday"
    )
    start_week: Week = setting(
        1, title=_("From the"), choices=WEEKS, visible_when=_WEEK, section="holiday"
    )
    start_weekday: Weekday = setting(
        0, title=_("From weekday"), choices=WEEKDAYS, visible_when=_WEEK, section="holiday"
    )
    end_month: Month = setting(
        12, title=_("To month"), choices=MONTHS, visible_when=_YEARLY, section="holiday"
    )
    end_day: int = setting(
        24, title=_("To day"), minimum=1, maximum=31, visible_when=_MONTH, section="holiday"
    )
    end_week: Week = setting(
        1, title=_("To the"), choices=WEEKS, visible_when=_WEEK, section="holiday"
    )
    end_weekday: Weekday = setting(
        0, title=_("To weekday"), choices=WEEKDAYS, visible_when=_WEEK, section="holiday"
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Dates are given and in order; months have their days."""
        if self.kind == "date":
            if not self.first:
                text = _("is needed")
                yield Conflict(("first",), "missing", text, mend={"enabled": False, "kind": "week"})
            elif self.last and self.last < self.first:
                text = _("must not be before the first day")
                other = _("must not be after the last day")
                yield Conflict(("last",), "conflict", text, others={"first": other})
        if self.kind == "month":
            yield from self._day_of_month("start", self.start_month, self.start_day)
            yield from self._day_of_month("end", self.end_month, self.end_day)

    @staticmethod
    def _day_of_month(side: str, month: int, day: int) -> Iterator[Conflict]:
        longest = calendar.monthrange(_LEAP_YEAR, month)[1]
        if day > longest:
            text = _("must be at most {most} in {month}")
            words = text.format(most=longest, month=MONTHS[month])
            other = _("has no day {day}").format(day=day)
            yield Conflict((f"{side}_day",), "conflict", words, others={f"{side}_month": other})


class HolidaysPage(Page):
    """SYSTEM > Holidays."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="holidays",
        title=_("Holidays"),
        menu="SYSTEM",
        help=_("On these days each record schedule follows its row Holiday."),
        collection=Collection(
            field="items",
            item_title=_("Holiday"),
            capacity=MAX_HOLIDAYS,
            sections=(Section("holiday", ""),),
            columns=("name", "enabled", "kind"),
        ),
        synonyms=(_("vacation"), _("day off"), _("calendar")),
    )

    items: list[Holiday] = setting([], title=_("Holidays"), max_length=MAX_HOLIDAYS)
