"""Try a camera again at once, without waiting for the next try."""

from __future__ import annotations

from appliance.accounts.permission import Permission
from appliance.health.finding import Finding
from appliance.health.fixup import Fixup, Hands
from appliance.text import _

GROUP_CHANNELS = 8


class RetryCamera(Fixup):
    """Asks the recorder of the channel."""

    slug = "retry_camera"
    title = _("Try again")
    permission = Permission.CAMERAS
    done = _("The camera is tried again.")

    async def apply(self, finding: Finding, hands: Hands, actor: str) -> None:
        """Ask it."""
        channel = int(finding.id or 0)
        recorder = f"recorder@{(channel - 1) // GROUP_CHANNELS + 1}"
        await hands.ask(recorder, "channel.retry", {"channel": channel})
