"""Switch the PoE port of a camera off and on, so that it starts anew."""

from __future__ import annotations

from appliance.accounts.permission import Permission
from appliance.health.finding import Finding
from appliance.health.fixup import Fixup, Hands
from appliance.text import _


class CyclePort(Fixup):
    """PoE port n is bound to channel n."""

    slug = "cycle_port"
    title = _("Power-cycle its port")
    permission = Permission.CAMERAS
    confirm = _("The port has no power for 5 s; a camera takes a minute or two to start.")
    done = _("The port is switched off and on.")

    async def apply(self, finding: Finding, hands: Hands, actor: str) -> None:
        """Switch it."""
        await hands.cycle_port(int(finding.id or 0))
