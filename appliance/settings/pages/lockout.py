"""Page Lockout: what wrong passwords lead to."""

from __future__ import annotations

from typing import ClassVar

from appliance.settings.declare import Conflict, Page, PageSpec, Section, Widget, setting
from appliance.text import _


class LockoutPage(Page):
    """SECURITY > Lockout."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="lockout",
        title=_("Lockout"),
        menu="SECURITY",
        help=_(
            "An address that enters wrong passwords has to wait, for that account only: nobody can "
            "lock somebody else out, and never the person at the recorder."
        ),
        sections=(Section("lock", ""),),
        synonyms=(_("wrong password"), _("brute force"), _("illegal login"), _("blocked")),
    )

    tries: int = setting(
        5,
        title=_("Wrong passwords"),
        help=_("So many from one address on one account, then it has to wait."),
        minimum=3,
        maximum=20,
        section="lock",
        synonyms=(_("attempts"), _("login")),
        requirements=("D2-AP-55",),
    )
    first_wait_min: int = setting(
        1,
        title=_("First wait"),
        help=_("Each further wrong password doubles it."),
        unit="min",
        minimum=1,
        maximum=60,
        widget=Widget.DURATION,
        section="lock",
        synonyms=(_("lock time"),),
        requirements=("D2-AP-55",),
    )
    longest_wait_min: int = setting(
        30,
        title=_("Longest wait"),
        unit="min",
        minimum=1,
        maximum=1440,
        widget=Widget.DURATION,
        section="lock",
        requirements=("D2-AP-55",),
    )

    def conflicts(self) -> list[Conflict]:
        """The longest wait is no shorter than the first."""
        if self.longest_wait_min >= self.first_wait_min:
            return []
        text = _("must not be shorter than the first wait")
        other = _("must not be longer than the longest wait")
        return [Conflict(("longest_wait_min",), "conflict", text, others={"first_wait_min": other})]
