"""`python -m appliance.helper`: the simulated computer, or with --real the box itself, as root."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import pwd
import secrets
import signal
import sys
from pathlib import Path

from appliance import log
from appliance.bus.client import BusClient
from appliance.bus.orphan import orphaned
from appliance.helper.host import System
from appliance.helper.real_system import RealSystem
from appliance.helper.registry import load_domains
from appliance.helper.server import HelperServer
from appliance.helper.sim_system import Machine, SimulatedSystem
from appliance.paths import Paths

_log = logging.getLogger(__name__)

EXIT_FAILED = 1


def main(argv: list[str] | None = None) -> int:
    """Run until SIGTERM; 1 if it cannot listen, or is asked to change a computer it may not."""
    parser = argparse.ArgumentParser(prog="python -m appliance.helper", description=__doc__)
    parser.add_argument("--real", action="store_true", help="change this computer (root)")
    parser.add_argument("--user", default="", help="the user the supervisor runs as")
    options = parser.parse_args(argv)
    log.configure("helper")
    paths = Paths.from_environment()
    if options.real and (os.geteuid() != 0 or not paths.on_box):
        _log.error("The real computer is changed on a box and by root only.")
        return EXIT_FAILED
    try:
        uid = pwd.getpwnam(options.user).pw_uid if options.user else os.getuid()
    except KeyError:
        _log.error("There is no user %s.", options.user)
        return EXIT_FAILED
    os.umask(0o027)
    try:
        asyncio.run(_run(paths, uid, real=options.real))
    except OSError as error:
        _log.error("The helper cannot listen on %s: %s", paths.helper_socket, error)
        return EXIT_FAILED
    return 0


async def _run(paths: Paths, uid: int, *, real: bool) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    if real:
        await _serve(RealSystem(), paths.helper_socket, {uid}, ended)
        return
    system = SimulatedSystem(Machine(paths.computer))
    async with system.services():
        await _serve(system, paths.helper_socket, {uid}, ended, bus_socket=paths.bus_socket)


async def _serve(
    system: System,
    socket: Path,
    uids: set[int],
    ended: asyncio.Event,
    bus_socket: Path | None = None,
) -> None:
    """Serve until told to end.

    Only in development there is a bus: the process table there wants heartbeats.
    """
    server = HelperServer(socket, load_domains(), system, uids=uids)
    await server.start()
    tasks: list[asyncio.Task[None]] = []
    if bus_socket is not None:
        bus = BusClient(bus_socket, "helper", secrets.token_hex(4))
        turns = 0

        def progress() -> dict[str, object]:
            nonlocal turns
            turns += 1
            return {"progress": {"turns": float(turns), "verbs": float(server.answered)}}

        async def stop(_params: dict[str, object]) -> dict[str, object]:
            ended.set()
            return {}

        bus.handle("process.stop", stop)
        tasks = [
            asyncio.create_task(bus.run()),
            asyncio.create_task(bus.beat(progress)),
            asyncio.create_task(_end_alone(bus, ended)),
        ]
    try:
        await ended.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10.0):
                await server.close()


async def _end_alone(bus: BusClient, ended: asyncio.Event) -> None:
    await orphaned(bus.connected)
    _log.warning("No supervisor; the helper ends")
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
