"""nft of the simulated computer: keeps the rules it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.helper.host import Finished
from appliance.helper.sim_system import Machine, SimProgram

STATE = "nftables"


async def nft(machine: Machine, arguments: Sequence[str], stdin: bytes) -> Finished:
    """Take a text with all its brackets closed, as a whole; `-c` only checks."""
    text = stdin.decode()
    if list(arguments[-2:]) != ["-f", "-"] or text.count("{") != text.count("}"):
        return Finished(1, err=b"Error: syntax error\n")
    if "-c" not in arguments:
        machine.save(STATE, {"rules": text})
    return Finished(0)


PROGRAMS: Mapping[str, SimProgram] = {"/usr/sbin/nft": nft}
