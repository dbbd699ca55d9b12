"""Start a process of the recorder anew."""

from __future__ import annotations

from appliance.accounts.permission import Permission
from appliance.health.finding import Finding
from appliance.health.fixup import Fixup, Hands
from appliance.text import _


class RestartProcess(Fixup):
    """In order where it answers, by force where it does not."""

    slug = "restart_process"
    title = _("Start it again")
    permission = Permission.MAINTAIN
    confirm = _("What the process does stops for a few seconds. A recorder records nothing then.")
    done = _("The process starts again.")

    async def apply(self, finding: Finding, hands: Hands, actor: str) -> None:
        """Ask the process table."""
        hands.restart_process(str(finding.id), actor)
