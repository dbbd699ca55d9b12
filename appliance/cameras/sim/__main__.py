"""`python -m appliance.cameras.sim`: simulated cameras as a process of their own."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from appliance.cameras.sim.cache import default_cache
from appliance.cameras.sim.control import Control, camera_entry
from appliance.cameras.sim.demo import demo_cameras
from appliance.cameras.sim.errors import SimulatorError, SpecError
from appliance.cameras.sim.simulator import Simulator
from appliance.cameras.sim.specs import CameraSpec, StreamSpec, parse_camera


def _say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m appliance.cameras.sim",
        description="Serve simulated RTSP cameras on loopback.  Progress and, once ready, the"
        " cameras' addresses are written to standard output, one JSON object a line.",
    )
    parser.add_argument("--demo", action="store_true", help="the four demo cameras")
    parser.add_argument(
        "--camera", action="append", default=[], metavar="NAME=SPEC",
        help='one more camera, e.g. gate=\'{"size":"1280x720","fps":15,"sub":{}}\'',
    )  # fmt: skip
    parser.add_argument(
        "--from-file", action="append", default=[], metavar="[NAME=]CLIP",
        help="one more camera that loops the packets of a video file",
    )  # fmt: skip
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for loops")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--port", type=int, default=0, help="first of the demo cameras' ports (0: any free ones)"
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this ends"
    )
    parser.add_argument("--control-port", type=int, default=0, help="port of the control API")
    return parser.parse_args(argv)


def cameras_of(arguments: argparse.Namespace) -> list[CameraSpec]:
    """Return the cameras asked for; raises SpecError."""
    cameras = demo_cameras(arguments.port) if arguments.demo else []
    for text in arguments.camera:
        name, _, spec = text.partition("=")
        cameras.append(parse_camera(name, spec))
    for text in arguments.from_file:
        name, _, file = text.rpartition("=")
        path = Path(file)
        if not path.is_file():
            raise SpecError(f"{file} does not exist.")
        name = name or path.stem
        cameras.append(CameraSpec(name=name, title=name, main=StreamSpec(file=path)))
    names = [camera.name for camera in cameras]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise SpecError(f"Two cameras are called {', '.join(double)}; give each its own name.")
    if not cameras:
        raise SpecError("No camera was asked for; use --demo, --camera or --from-file.")
    return cameras


async def _orphaned(ended: asyncio.Event) -> None:
    """Set the event when the parent process is gone."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - the kernel tells nobody else
        await asyncio.sleep(1.0)
    ended.set()


async def _serve(arguments: argparse.Namespace) -> None:
    told = -1.0

    def progress(share: float, text: str) -> None:
        nonlocal told
        if share - told >= 0.01:
            told = share
            _say({"progress": round(share, 3), "text": text})

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    orphaned = asyncio.create_task(_orphaned(ended)) if arguments.with_parent else None
    simulator = Simulator(
        cameras_of(arguments), cache=arguments.cache, host=arguments.host, progress=progress
    )
    starting = asyncio.create_task(simulator.start())
    waiting = asyncio.create_task(ended.wait())
    await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        simulator.abandon()
    try:
        if starting.done():
            await starting
            control = Control(simulator, arguments.control_port)
            await control.start()
            entries = [camera_entry(camera) for camera in simulator.cameras.values()]
            _say({"ready": True, "cameras": entries, "control": control.url})
            await waiting
            await control.stop()
    finally:
        waiting.cancel()
        if orphaned is not None:
            orphaned.cancel()
        await simulator.stop()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return cast("Callable[[], asyncio.AbstractEventLoop]", uvloop.new_event_loop)


def main(argv: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; 2 if the arguments are wrong or a port is taken."""
    arguments = _arguments(argv)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(arguments))
    except SimulatorError as error:
        _say({"error": error.code, "text": error.text})
        sys.stderr.write(f"{error.text}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
