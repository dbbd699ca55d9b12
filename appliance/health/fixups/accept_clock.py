"""Say that the time is right, so that footage is deleted by age again (D2-ST-03)."""

from __future__ import annotations

from appliance.accounts.permission import Permission
from appliance.health.finding import Finding
from appliance.health.fixup import Fixup, Hands
from appliance.text import _


class AcceptClock(Fixup):
    """Tells every recorder."""

    slug = "accept_clock"
    title = _("Accept the time")
    permission = Permission.STORAGE
    confirm = _("Are date and time right? Footage that is too old by them is then deleted.")
    done = _("The time is accepted.")

    async def apply(self, finding: Finding, hands: Hands, actor: str) -> None:
        """Ask the recorders one after the other."""
        for name in hands.recorders():
            await hands.ask(name, "clock.accept", {})
