"""Page Passwords: what a new password needs, and when one is old."""

from __future__ import annotations

from typing import ClassVar, Literal

from appliance.settings.declare import Page, PageSpec, Section, Widget, setting
from appliance.text import _


class PasswordsPage(Page):
    """SECURITY > Passwords."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="passwords",
        title=_("Passwords"),
        menu="SECURITY",
        help=_(
            "What a new password of an account needs. Passwords that are in use stay as they are; "
            "well-known ones are refused in any case."
        ),
        sections=(Section("rules", ""),),
        synonyms=(_("password rules"), _("strength"), _("renew")),
    )

    least_kinds: Literal[2, 3, 4] = setting(
        3,
        title=_("Kinds of characters"),
        help=_("Of upper case, lower case, digits and symbols; beside 8 to 32 characters."),
        choices={2: _("Two of four"), 3: _("Three of four"), 4: _("All four")},
        section="rules",
        requirements=("D2-AC-06", "N1.4"),
    )
    renew_days: int = setting(
        0,
        title=_("Remind to renew after"),
        help=_("Who has had a password for longer is reminded at each sign-in. 0: never."),
        unit=_("days"),
        minimum=0,
        maximum=1095,
        widget=Widget.NUMBER,
        section="rules",
        requirements=("N1.5", "D2-AP-53"),
    )
