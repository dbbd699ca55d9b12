"""A system bus of the test's own: a dbus-daemon that nothing else is connected to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="signal"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
  </policy>
</busconfig>
"""


def write_config(folder: Path) -> tuple[Path, Path]:
    """Return the configuration written below `folder`, and the socket it names."""
    socket = folder / "bus.sock"
    path = folder / "bus.conf"
    path.write_text(CONFIG.format(socket=socket))
    return path, socket


async def until_there(socket: Path) -> None:
    async with asyncio.timeout(10):
        while not socket.exists():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def private_bus(folder: Path) -> AsyncIterator[str]:
    """Run one; yield its address."""
    config, socket = write_config(folder)
    daemon = await asyncio.create_subprocess_exec(
        "dbus-daemon",
        f"--config-file={config}",
        "--nofork",
        "--nopidfile",
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await until_there(socket)
        yield f"unix:path={socket}"
    finally:
        daemon.terminate()
        await daemon.wait()
