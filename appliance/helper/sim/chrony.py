"""chronyd and chronyc of the simulated computer: time servers whose clocks a bench may turn.

State "ntp": {"servers": {host: {"ahead_s": 0.002, "silent": false}}}; a server that is not named
is right.  Answers have the form of chrony 4: `chronyc -c` is CSV.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.helper.host import Finished
from appliance.helper.sim.systemd import active
from appliance.helper.sim_system import Machine, SimProgram

CONFIG = "/etc/chrony/chrony.conf"
DIRECTIVES = {"server", "pool", "makestep", "driftfile", "rtcsync", "maxchange", "allow"}
DIRECTIVES |= {"local", "port", "cmdport"}
NEVER = 4_294_967_295
DELAY_S = 0.004


@dataclass(frozen=True, slots=True)
class _Heard:
    name: str
    ahead_s: float
    silent: bool
    state: str


async def chronyd(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """`chronyd -p -f FILE`: print the configuration, or say which line is wrong."""
    if list(arguments[:2]) != ["-p", "-f"] or len(arguments) != 3:
        return Finished(1, err=b"Only -p is simulated\n")
    text = _read(machine.path(arguments[2]))
    for number, line in enumerate(text.splitlines(), 1):
        word = line.split("#")[0].split()
        if word and word[0] not in DIRECTIVES:
            complaint = f"Fatal error : Invalid directive at line {number} in file {arguments[2]}\n"
            return Finished(1, err=complaint.encode())
    return Finished(0, text.encode())


async def chronyc(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """tracking, sources, burst, refresh."""
    if not active(machine, "chrony"):
        return Finished(1, err=b"506 Cannot talk to daemon\n")
    words = [word for word in arguments if not word.startswith("-")]
    heard, limit_s = _heard(machine)
    if words[:1] == ["sources"]:
        return Finished(0, "".join(f"{_source(entry)}\n" for entry in heard).encode())
    if words[:1] == ["tracking"]:
        return Finished(0, f"{_tracking(heard, limit_s)}\n".encode())
    if words[:1] in (["burst"], ["refresh"]):
        return Finished(0, b"200 OK\n")
    return Finished(1, err=b"Unrecognized command\n")


def _heard(machine: Machine) -> tuple[list[_Heard], float]:
    told: Mapping[str, Any] = machine.state("ntp").get("servers", {})
    ahead_s = float(machine.state("clock").get("ahead_s", 0.0))
    limit_s = float("inf")
    found: list[tuple[str, float, bool]] = []
    for line in _read(machine.path(CONFIG)).splitlines():
        word = line.split()
        if word[:1] == ["maxchange"]:
            limit_s = float(word[1])
        if word[:1] in (["server"], ["pool"]):
            server = told.get(word[1], {})
            away = float(server.get("ahead_s", 0.0003)) - ahead_s
            found.append((word[1], away, bool(server.get("silent"))))
    answering = sorted(away for _name, away, silent in found if not silent)
    middle = answering[len(answering) // 2] if answering else 0.0
    many = len(answering) > 2
    heard: list[_Heard] = []
    for name, away, silent in found:
        wrong = many and abs(away - middle) > 1.0
        state = "?" if silent else "x" if wrong else "+"
        if state == "+" and not any(entry.state == "*" for entry in heard):
            state = "*"
        heard.append(_Heard(name, away, silent, state))
    return heard, limit_s


def _source(entry: _Heard) -> str:
    if entry.silent:
        return f"^,?,{entry.name},0,6,0,{NEVER},0.000000000,0.000000000,0.000000000"
    offset = f"{-entry.ahead_s:.9f}"
    return f"^,{entry.state},{entry.name},2,6,377,{int(time.time()) % 64},{offset},{offset},0.0042"


def _tracking(heard: Sequence[_Heard], limit_s: float) -> str:
    used = next((entry for entry in heard if entry.state == "*"), None)
    if used is None or abs(used.ahead_s) > limit_s:
        zeros = ",".join(["0.000000000"] * 3)
        return f"00000000,,0,{zeros},0.000000000,0.000,0.000,0.000,1.0,1.0,0.0,Not synchronised"
    small = f"{used.ahead_s:.9f}"
    return (
        f"7F000001,{used.name},3,{time.time():.9f},{small},{small},{small},"
        f"-1.250,0.001,0.020,{DELAY_S:.9f},0.000500000,64.2,Normal"
    )


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


PROGRAMS: Mapping[str, SimProgram] = {"/usr/bin/chronyc": chronyc, "/usr/sbin/chronyd": chronyd}
