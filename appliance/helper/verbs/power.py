"""Power: off and on again, by the service manager, which ends everything in order (D2-PW-03)."""

from __future__ import annotations

from appliance.helper.contract import Done
from appliance.helper.domain import Domain
from appliance.helper.host import Host
from appliance.helper.requests.power import Restart, SwitchOff

DOMAIN = Domain("power", programs={"systemctl": "/usr/bin/systemctl", "sync": "/usr/bin/sync"})

SYNC_S = 40.0
"""What disks may take to write out what they hold; a dead one must not keep the power on."""


@DOMAIN.verb(SwitchOff)
async def switch_off(_request: SwitchOff, host: Host) -> Done:
    """Ask for it; the answer comes before the power goes."""
    return await _leave(host, "poweroff")


@DOMAIN.verb(Restart)
async def restart(_request: Restart, host: Host) -> Done:
    """Ask for it; the answer comes before the computer stops."""
    return await _leave(host, "reboot")


async def _leave(host: Host, what: str) -> Done:
    await host.run("sync", timeout_s=SYNC_S)
    await host.must("systemctl", "--no-block", what)
    return Done()
