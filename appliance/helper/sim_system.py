"""A simulated computer below one folder: what `make run` has instead of a box.  Harms nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from appliance.helper import sim
from appliance.helper.contract import HelperError
from appliance.helper.host import Finished
from appliance.helper.real_system import read_bounded, remove_file, replace_file, replace_link
from appliance.helper.registry import modules_of


class Machine:
    """What simulated programs share: files, a state that outlives restarts, a clock of its own.

    `files` mirrors the computer's files: /etc/hosts is `files/etc/hosts`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = root / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        self.system_bus = f"unix:path={root / 'system_bus.sock'}"

    def path(self, name: str) -> Path:
        """Where a file of the computer (an absolute path) lies in the simulation."""
        return self.files / name.lstrip("/")

    def state(self, name: str) -> dict[str, Any]:
        """Return what was saved under that name, {} at first."""
        try:
            found = json.loads((self.root / f"{name}.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def save(self, name: str, state: Mapping[str, Any]) -> None:
        """Keep it over a restart."""
        replace_file(self.root / f"{name}.json", json.dumps(state).encode(), 0o600)

    def utc_s(self) -> float:
        """The simulated clock: ours and what was set by hand."""
        return time.time() + float(self.state("clock").get("ahead_s", 0.0))

    def set_clock(self, utc_s: float) -> None:
        """Set the simulated clock; the computer's own goes on as it was."""
        self.save("clock", {"ahead_s": utc_s - time.time()})


SimProgram = Callable[[Machine, Sequence[str], bytes], Awaitable[Finished]]
"""A simulated program: arguments and standard input in, how it ended out."""


class SimulatedSystem:
    """Implements `host.System` on a `Machine`; `programs` maps paths to simulated programs."""

    simulated = True

    def __init__(self, machine: Machine, programs: Mapping[str, SimProgram] | None = None) -> None:
        self.machine = machine
        self.programs = dict(load_programs() if programs is None else programs)
        self.spool = machine.root / "spool"
        shutil.rmtree(self.spool, ignore_errors=True)
        self.spool.mkdir(parents=True)

    @property
    def system_bus(self) -> str:
        """Address of the simulated system bus; served only where a domain brings a service."""
        return self.machine.system_bus

    def utc_s(self) -> float:
        """The simulated clock."""
        return self.machine.utc_s()

    def where(self, path: str) -> Path:
        """Return the place below the simulation's folder."""
        return self.machine.path(path)

    async def run(
        self, path: str, arguments: Sequence[str], *, stdin: bytes, timeout_s: float, most: int
    ) -> Finished:
        """Run a simulated program."""
        program = self.programs.get(path)
        if program is None:
            raise HelperError("helper.no_program", f"{path} cannot be run: it is not simulated.")
        try:
            async with asyncio.timeout(timeout_s):
                done = await program(self.machine, arguments, stdin)
        except TimeoutError:
            text = f"{path} took longer than {timeout_s:g} s and was ended."
            raise HelperError("helper.timeout", text) from None
        return Finished(done.code, done.out[:most], done.err, len(done.out) > most)

    async def read_file(self, path: str, most: int) -> bytes | None:
        """Return a file of the simulation."""
        return await asyncio.to_thread(read_bounded, self.machine.path(path), most)

    async def write_file(self, path: str, data: bytes, mode: int) -> None:
        """Replace a file of the simulation."""
        await asyncio.to_thread(replace_file, self.machine.path(path), data, mode)

    async def remove_file(self, path: str) -> bool:
        """Remove a file of the simulation."""
        return await asyncio.to_thread(remove_file, self.machine.path(path))

    async def link(self, path: str, target: str) -> None:
        """Make a link in the simulation; it is never followed."""
        await asyncio.to_thread(replace_link, self.machine.path(path), target)

    async def set_clock(self, utc_s: float) -> None:
        """Set the simulated clock."""
        self.machine.set_clock(utc_s)

    @contextlib.asynccontextmanager
    async def services(self) -> AsyncIterator[None]:
        """Run what the domains simulate beside their programs."""
        async with AsyncExitStack() as stack:
            for module in modules_of(sim):
                service = getattr(module, "service", None)
                if service is not None:
                    await stack.enter_async_context(service(self.machine))
            yield


def load_programs() -> dict[str, SimProgram]:
    """Return the simulated programs of all domains by their paths."""
    found: dict[str, SimProgram] = {}
    for module in modules_of(sim):
        found.update(getattr(module, "PROGRAMS", {}))
    return found
