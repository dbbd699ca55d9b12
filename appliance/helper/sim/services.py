"""systemd-run, sshd and ssh-keygen of the simulated computer: nothing is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.helper.host import Finished
from appliance.helper.sim.systemd import STATE
from appliance.helper.sim_system import Machine, SimProgram


async def systemd_run(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Note the unit as running; it does not end by itself."""
    units = [word.partition("=")[2] for word in arguments if word.startswith("--unit=")]
    if len(units) != 1:
        return Finished(1, err=b"A unit is expected.\n")
    state = machine.state(STATE)
    state.setdefault("units", {})[units[0]] = {"active": True, "enabled": False}
    machine.save(STATE, state)
    return Finished(0)


async def ssh_keygen(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Make a file that stands for a key."""
    path = machine.path(arguments[-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("simulated\n")
    return Finished(0)


async def nothing(_machine: Machine, _arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Find everything in order."""
    return Finished(0)


PROGRAMS: Mapping[str, SimProgram] = {
    "/usr/bin/systemd-run": systemd_run,
    "/usr/bin/ssh-keygen": ssh_keygen,
    "/usr/sbin/sshd": nothing,
}
