"""The real computer: runs programs and replaces files as root.  On a box only."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import struct
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from appliance.helper.contract import HelperError
from appliance.helper.host import Finished
from appliance.settings.files import sync_folder

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
SPOOL = Path("/var/lib/nvr-helper/spool")
RTC_DEVICE = "/dev/rtc0"
RTC_SET_TIME = 0x4024700A
"""linux/rtc.h: set the battery-backed clock from a struct rtc_time of nine ints."""

TERM_S = 2.0
CHUNK = 65_536


class RealSystem:
    """Implements `host.System`.  `spool`: see there; tests use another folder."""

    simulated = False

    def __init__(self, *, spool: Path = SPOOL, system_bus: str = SYSTEM_BUS) -> None:
        self.spool = spool
        self.system_bus = system_bus
        shutil.rmtree(spool, ignore_errors=True)
        spool.mkdir(mode=0o750, parents=True, exist_ok=True)

    def utc_s(self) -> float:
        """Return the system's clock."""
        return time.time()

    def where(self, path: str) -> Path:
        """Return it as it is."""
        return Path(path)

    async def run(
        self, path: str, arguments: Sequence[str], *, stdin: bytes, timeout_s: float, most: int
    ) -> Finished:
        """Run a program in a session of its own; with it go its children."""
        try:
            process = await asyncio.create_subprocess_exec(
                path,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except OSError as error:
            text = f"{path} cannot be run: {error.strerror or error}."
            raise HelperError("helper.no_program", text) from error
        try:
            async with asyncio.timeout(timeout_s):
                return await _converse(process, stdin, most)
        except TimeoutError:
            text = f"{path} took longer than {timeout_s:g} s and was ended."
            raise HelperError("helper.timeout", text) from None
        finally:
            await asyncio.shield(_end(process))

    async def read_file(self, path: str, most: int) -> bytes | None:
        """Return a file; links are followed (/etc is an administrator's)."""
        return await asyncio.to_thread(read_bounded, Path(path), most)

    async def write_file(self, path: str, data: bytes, mode: int) -> None:
        """Replace a file."""
        await asyncio.to_thread(replace_file, Path(path), data, mode)

    async def remove_file(self, path: str) -> bool:
        """Remove a file."""
        return await asyncio.to_thread(remove_file, Path(path))

    async def link(self, path: str, target: str) -> None:
        """Make a symbolic link."""
        await asyncio.to_thread(replace_link, Path(path), target)

    async def set_clock(self, utc_s: float) -> None:
        """Set both clocks; the battery-backed one is left where there is none."""
        await asyncio.to_thread(_set_clocks, utc_s)


async def _converse(process: asyncio.subprocess.Process, stdin: bytes, most: int) -> Finished:
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    (out, cut), (err, _cut), _fed = await asyncio.gather(
        _read(process.stdout, most), _read(process.stderr, CHUNK), _feed(process.stdin, stdin)
    )
    return Finished(await process.wait(), out, err, cut)


async def _feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        stream.write(data)
        await stream.drain()
    stream.close()


async def _read(stream: asyncio.StreamReader, most: int) -> tuple[bytes, bool]:
    kept = bytearray()
    cut = False
    while chunk := await stream.read(CHUNK):
        room = most - len(kept)
        kept += chunk[:room]
        cut = cut or len(chunk) > room
    return bytes(kept), cut


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it with all it started, first politely."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TERM_S):
                await process.wait()


def read_bounded(path: Path, most: int) -> bytes | None:
    """Return a file of at most `most` bytes, None where there is none; raise HelperError."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _failed(path, error) from error
    if len(data) > most:
        raise HelperError("helper.failed", f"{path} is larger than {most} bytes.")
    return data


def replace_file(path: Path, data: bytes, mode: int) -> None:
    """Write beside, sync, rename, sync the folder; raise HelperError, the old file still there."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _failed(path, error) from error


def remove_file(path: Path) -> bool:
    """Remove a file durably; return whether there was one."""
    try:
        path.unlink()
        sync_folder(path.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _failed(path, error) from error
    return True


def replace_link(path: Path, target: str) -> None:
    """Put a symbolic link where a file or a link was."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _failed(path, error) from error


def _set_clocks(utc_s: float) -> None:
    try:
        time.clock_settime(time.CLOCK_REALTIME, utc_s)
    except OSError as error:
        text = f"The clock cannot be set: {error.strerror or error}."
        raise HelperError("helper.failed", text) from error
    now = datetime.fromtimestamp(time.time(), UTC)
    fields = (now.second, now.minute, now.hour, now.day, now.month - 1, now.year - 1900, 0, 0, 0)
    try:
        descriptor = os.open(RTC_DEVICE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # no battery-backed clock
    try:
        fcntl.ioctl(descriptor, RTC_SET_TIME, struct.pack("9i", *fields))
    except OSError as error:
        text = f"The battery-backed clock cannot be set: {error.strerror or error}."
        raise HelperError("helper.failed", text) from error
    finally:
        os.close(descriptor)


def _failed(path: Path, error: OSError) -> HelperError:
    return HelperError("helper.failed", f"{path}: {error.strerror or error}.")
