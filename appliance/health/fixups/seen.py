"""A person has looked at what was mended."""

from __future__ import annotations

from appliance.accounts.permission import Permission
from appliance.health.finding import Finding
from appliance.health.fixup import Fixup, Hands
from appliance.text import _


class Seen(Fixup):
    """The finding goes; the event and the log keep it."""

    slug = "seen"
    title = _("I have checked them")
    permission = Permission.SYSTEM
    done = _("Noted.")

    async def apply(self, finding: Finding, hands: Hands, actor: str) -> None:
        """Take note."""
        hands.seen()
