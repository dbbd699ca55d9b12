"""systemctl and sync of the simulated computer: units that are on or off, and the power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.helper.host import Finished
from appliance.helper.sim_system import Machine, SimProgram

STATE = "systemd"


async def systemctl(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Answer as the real program; a unit that was never told of is inactive and disabled."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words:
        return Finished(1, err=b"Too few arguments.\n")
    verb, units = words[0], words[1:]
    state = machine.state(STATE)
    if verb in ("poweroff", "reboot"):
        machine.save(STATE, {**state, "power": verb})
        return Finished(0)
    if verb == "daemon-reload":
        return Finished(0)
    known = state.setdefault("units", {})
    answers = []
    for unit in units:
        entry = known.setdefault(_full(unit), {"active": False, "enabled": False})
        if verb in ("is-active", "is-enabled"):
            answers.append(_told(verb, entry))
        elif verb in ("start", "restart", "reload", "reload-or-restart", "try-restart"):
            entry["active"] = entry["active"] if verb.startswith("try") else True
        elif verb in ("stop", "kill"):
            entry["active"] = False
        elif verb in ("enable", "disable", "mask", "unmask"):
            entry["enabled"] = verb == "enable"
            entry["active"] = verb == "enable" if "--now" in arguments else entry["active"]
        else:
            return Finished(1, err=f"Unknown command verb {verb}.\n".encode())
    machine.save(STATE, state)
    bad = verb.startswith("is-") and not any(a in ("active", "enabled") for a in answers)
    return Finished(3 if bad else 0, "".join(f"{answer}\n" for answer in answers).encode())


async def sync(_machine: Machine, _arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Nothing has to be written out."""
    return Finished(0)


def active(machine: Machine, unit: str) -> bool:
    """Whether a unit runs; for other simulated programs."""
    return bool(machine.state(STATE).get("units", {}).get(_full(unit), {}).get("active"))


def _full(unit: str) -> str:
    return unit if "." in unit else f"{unit}.service"


def _told(verb: str, entry: Mapping[str, bool]) -> str:
    if verb == "is-active":
        return "active" if entry["active"] else "inactive"
    return "enabled" if entry["enabled"] else "disabled"


PROGRAMS: Mapping[str, SimProgram] = {"/usr/bin/systemctl": systemctl, "/usr/bin/sync": sync}
