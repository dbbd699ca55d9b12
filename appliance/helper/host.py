"""The seam to the operating system: what a verb may touch, and of that only what it declared."""

from __future__ import annotations

import fnmatch
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from appliance.helper.contract import HelperError

MAX_OUTPUT_BYTES = 1 << 20
MAX_FILE_BYTES = 4 << 20
MAX_ARGUMENTS = 1_024
MAX_ARGUMENT_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended; `cut` says that it wrote more than was kept."""

    code: int
    out: bytes = b""
    err: bytes = b""
    cut: bool = False

    @property
    def text(self) -> str:
        """What it wrote to standard output."""
        return self.out.decode(errors="replace")

    @property
    def complaint(self) -> str:
        """What it complained about, in one line of at most 300 characters."""
        raw = (self.err or self.out).decode(errors="replace")
        return " ".join(raw.split())[:300]


class System(Protocol):
    """A computer, real or simulated; verbs get it through `Host` only."""

    simulated: bool

    @property
    def system_bus(self) -> str:
        """Address of the system D-Bus, as in DBUS_SYSTEM_BUS_ADDRESS."""

    @property
    def spool(self) -> Path:
        """A folder for what is too large for an answer (captures); emptied at each start."""

    def where(self, path: str) -> Path:
        """Return where others find a file or folder of this computer."""

    async def run(
        self, path: str, arguments: Sequence[str], *, stdin: bytes, timeout_s: float, most: int
    ) -> Finished:
        """Run a program; raise HelperError if it is missing or takes too long."""

    async def read_file(self, path: str, most: int) -> bytes | None:
        """Return a file, None where there is none; raise HelperError if it cannot be read."""

    async def write_file(self, path: str, data: bytes, mode: int) -> None:
        """Replace a file atomically and durably, its folder made where it is missing."""

    async def remove_file(self, path: str) -> bool:
        """Remove a file; return whether there was one."""

    async def link(self, path: str, target: str) -> None:
        """Make `path` a symbolic link to `target`, atomically (/etc/localtime)."""

    async def set_clock(self, utc_s: float) -> None:
        """Set the system's clock (CLOCK_REALTIME) and the battery-backed one."""

    def utc_s(self) -> float:
        """Return the system's clock in seconds since 1970."""


class Keeper(Protocol):
    """Keeps tasks that outlive the verb that began them."""

    def keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run `work` until it ends or the helper does; a former one of that name is cancelled."""

    def drop(self, name: str) -> bool:
        """Cancel it; return whether it still ran."""


class Host:
    """What the verbs of one domain may use: its programs and its files, and no others."""

    def __init__(
        self,
        system: System,
        keeper: Keeper,
        domain: str,
        programs: Mapping[str, str],
        files: Sequence[str],
    ) -> None:
        self._system = system
        self._keeper = keeper
        self._domain = domain
        self._programs = programs
        self._files = files

    @property
    def system(self) -> System:
        """The computer itself: its clock, its links."""
        return self._system

    @property
    def simulated(self) -> bool:
        """Whether nothing real is touched."""
        return self._system.simulated

    @property
    def system_bus(self) -> str:
        """Address of the system D-Bus."""
        return self._system.system_bus

    @property
    def spool(self) -> Path:
        """A folder for files that are handed over by name; emptied at each start."""
        return self._system.spool

    async def run(
        self,
        program: str,
        *arguments: str,
        stdin: bytes = b"",
        timeout_s: float = 10.0,
        most: int = MAX_OUTPUT_BYTES,
    ) -> Finished:
        """Run a program of the domain's list, without a shell, and wait for its end.

        Output beyond `most` bytes is dropped (`Finished.cut`).  Raises HelperError
        ("helper.no_program", "helper.timeout"); a code other than 0 is not an error by itself.
        """
        path = self._programs.get(program)
        if path is None:
            raise HelperError("helper.failed", f"{self._domain} may not run {program}.")
        if len(arguments) > MAX_ARGUMENTS:
            raise HelperError("helper.failed", f"{len(arguments)} arguments are too many.")
        for argument in arguments:
            if "\0" in argument or len(argument.encode(errors="replace")) > MAX_ARGUMENT_BYTES:
                raise HelperError("helper.failed", f"An argument of {program} is not allowed.")
        return await self._system.run(path, arguments, stdin=stdin, timeout_s=timeout_s, most=most)

    async def must(self, program: str, *arguments: str, timeout_s: float = 10.0) -> Finished:
        """Run, and raise HelperError "helper.failed" with its complaint if the code is not 0."""
        done = await self.run(program, *arguments, timeout_s=timeout_s)
        if done.code != 0:
            raise HelperError("helper.failed", f"{program}: {done.complaint or done.code}")
        return done

    async def read_file(self, path: str, most: int = MAX_FILE_BYTES) -> bytes | None:
        """Return a file of the domain's list, None where there is none."""
        return await self._system.read_file(self._own(path), most)

    async def write_file(self, path: str, data: bytes, *, mode: int = 0o644) -> None:
        """Replace a file of the domain's list: the old one or the new one is there, never half."""
        if len(data) > MAX_FILE_BYTES:
            raise HelperError("helper.failed", f"{path} would become too large.")
        await self._system.write_file(self._own(path), data, mode)

    async def remove_file(self, path: str) -> bool:
        """Remove a file of the domain's list; return whether there was one."""
        return await self._system.remove_file(self._own(path))

    async def link(self, path: str, target: str) -> None:
        """Make a file of the domain's list a symbolic link."""
        await self._system.link(self._own(path), target)

    def keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Go on with `work` after the verb was answered, for example to roll back in a minute."""
        self._keeper.keep(work, f"{self._domain}.{name}")

    def drop(self, name: str) -> bool:
        """Cancel what was begun with `keep`; return whether it still ran."""
        return self._keeper.drop(f"{self._domain}.{name}")

    def _own(self, path: str) -> str:
        pure = PurePosixPath(path)
        if str(pure) != path or not pure.is_absolute() or ".." in pure.parts or "\0" in path:
            raise HelperError("helper.failed", f"{self._domain} may not touch {path!r:.120}.")
        for pattern in self._files:
            folder, _slash, name = pattern.rpartition("/")
            if str(pure.parent) == (folder or "/") and fnmatch.fnmatchcase(pure.name, name):
                return path
        raise HelperError("helper.failed", f"{self._domain} may not touch {path!r:.120}.")
