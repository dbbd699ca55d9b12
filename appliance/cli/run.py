"""`nvr run`: the whole recorder in a terminal, with simulated cameras if wanted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.cli.bench_page import BenchPage
from appliance.cli.cameras import CamerasError, SimulatedCameras
from appliance.cli.place import paths_for
from appliance.cli.ports import WebPorts, choose_ports, user_of
from appliance.paths import PLACES_VARIABLE, Paths
from appliance.settings.problems import SettingsError
from appliance.supervisor.board_service import BOARD_VARIABLE
from appliance.supervisor.locks import holder_of, is_held
from appliance.text import _

EXIT_FAILED = 1
EXIT_PORT = 2
EXIT_RUNNING = 3
EXIT_RESTART = 4
START_S = 60.0
STOP_S = 40.0
AGAIN_S = 1.0
WEB_S = 30.0
ASK_AGAIN_S = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--cameras",
        choices=("none", "sim"),
        default="none",
        help=_("sim: four simulated cameras, added as channels if there are none"),
    )
    parser.add_argument("--https-port", type=int, help=_("from now on serve HTTPS here"))
    parser.add_argument("--http-port", type=int, help=_("from now on serve local HTTP here"))
    parser.add_argument(
        "--place",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help=_("a folder or mount point that exports can be saved to; may be given again"),
    )
    parser.add_argument("--no-web", action="store_true", help=_("without the web server"))
    parser.add_argument(
        "--board",
        default=os.environ.get(BOARD_VARIABLE) or "simulated",
        metavar="NAME",
        help=_("a board profile by name or file (default: simulated)"),
    )
    parser.add_argument(
        "--bench",
        action="store_true",
        help=_("a page on which to plug into, heat and break the simulated board"),
    )
    parser.add_argument("--verbose", action="store_true", help=_("show the logs"))


def command(options: argparse.Namespace) -> int:
    """Run until Ctrl-C; 2: a port is in use, 3: it runs already, 1: it could not start."""
    try:
        paths = paths_for(options.folder)
        for folder in (paths.state, paths.run, paths.volumes):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _complain(
            _("Cannot write here: {why}. Choose another folder with --folder.").format(why=error)
        )
    lock = paths.run / "supervisor.lock"
    if is_held(lock):
        text = _("The recorder runs here already (process {pid}). Stop it there with Ctrl-C.")
        return _complain(text.format(pid=holder_of(lock) or "?"), EXIT_RUNNING)
    try:
        ports = choose_ports(paths, options.https_port, options.http_port)
    except (SettingsError, OSError) as error:
        return _complain(_("These ports cannot be used: {why}").format(why=error), EXIT_PORT)
    if not options.no_web and (complaint := _taken(ports)):
        return _complain(complaint, EXIT_PORT)
    return asyncio.run(_Run(paths, ports, options).run())


def _taken(ports: WebPorts) -> str:
    for port, option in ((ports.https, "--https-port"), (ports.http, "--http-port")):
        user = user_of(port) if port is not None else None
        if user is None or port is None:
            continue
        if user == "-":
            text = _("Port {port} needs more rights than you have. Choose one with {option} 8443.")
            return text.format(port=port, option=option)
        who = f" ({user})" if user else ""
        text = _(
            "Port {port} is used by another program{who}. Stop that program, or choose another "
            "port: nvr run {option} {other}"
        )
        return text.format(port=port, who=who, option=option, other=_free_near(port))
    return ""


def _free_near(port: int) -> int:
    return next((p for p in range(port + 1, port + 50) if user_of(p) is None), port + 1)


class _Run:
    def __init__(self, paths: Paths, ports: WebPorts, options: argparse.Namespace) -> None:
        self._paths = paths
        self._ports = ports
        self._options = options
        self._ended = asyncio.Event()
        self._supervisor: asyncio.subprocess.Process | None = None
        self._cameras: SimulatedCameras | None = None
        self._bench = BenchPage(self._bus)

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        ended = asyncio.create_task(self._ended.wait())
        work = asyncio.create_task(self._work())
        try:
            await asyncio.wait({ended, work}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            _say(_("Stopping ..."))
            return 0
        except CamerasError as error:
            return _complain(str(error))
        except BusError as error:
            return _complain(error.text)
        finally:
            work.cancel()
            ended.cancel()
            await asyncio.gather(work, ended, return_exceptions=True)
            await self._take_down()

    async def _work(self) -> int:
        if self._options.cameras == "sim":
            _say(_("Starting the simulated cameras (the first time this takes a minute) ..."))
            self._cameras = SimulatedCameras(self._paths.state / "simulated-cameras.json", _show)
            await self._cameras.start()
            _show("")
        code = await self._start_supervisor()
        if code:
            return code
        await self._greet()
        return await self._attend()

    async def _start_supervisor(self) -> int:
        """Start it and wait until it answers; return its exit code if it ends instead."""
        self._supervisor = await self._spawn()
        exited = asyncio.create_task(self._supervisor.wait())
        answered = asyncio.create_task(self._first_answer())
        done, _pending = await asyncio.wait(
            {exited, answered}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED
        )
        answered.cancel()
        exited.cancel()
        await asyncio.gather(answered, exited, return_exceptions=True)
        if exited in done:
            return self._supervisor.returncode or EXIT_FAILED
        if not done:
            return _complain(_("The recorder did not start within a minute; try --verbose."))
        return 0

    async def _first_answer(self) -> None:
        async with self._bus() as bus:
            await bus.request("status.get", timeout_s=START_S)

    async def _greet(self) -> None:
        async with self._bus() as bus:
            if self._cameras is not None:
                added = await self._cameras.bind(bus)
                if added:
                    _say(_("{count} simulated cameras were added.").format(count=added))
            code = (await bus.request("setup.code"))["code"]
            if not self._options.no_web:
                await self._web_answers(bus)
                _say("")
                _say(_("Open {url}").format(url=self._ports.url))
            if self._options.bench:
                await self._open_bench(bus)
        if code:
            _say(_("One-time code: {code}").format(code=code))
        _say("")
        _say(_("Ctrl-C stops everything. Footage and settings stay in {folder}.").format(
            folder=self._paths.state.parent
        ))  # fmt: skip

    async def _open_bench(self, bus: BusClient) -> None:
        """Serve the page of the bench; without a simulated board there is none."""
        try:
            await bus.request("bench.get")
        except BusError:
            _complain(_("There is no bench: the board is not simulated."))
            return
        if await self._bench.start():
            _say(_("Bench (plug cameras in, heat the box): {url}").format(url=self._bench.url))

    async def _web_answers(self, bus: BusClient) -> None:
        """Wait until the web server has reported; after half a minute say why it has not."""
        for _attempt in range(round(WEB_S / ASK_AGAIN_S)):
            processes = (await bus.request("status.get"))["processes"]
            if any(p["name"] == "web" and p["state"] == "running" for p in processes):
                return
            await asyncio.sleep(ASK_AGAIN_S)
        _complain(_("The web server is not up yet; `nvr status` says why."))

    async def _attend(self) -> int:
        """Wait for the end of the supervisor; one that broke down is started again."""
        while True:
            assert self._supervisor is not None
            code = await self._supervisor.wait()
            if code == 0 and not self._ended.is_set():
                _say(_("The recorder was switched off."))
            if code in (0, EXIT_FAILED, EXIT_RUNNING):
                return code
            if code == EXIT_RESTART:
                _say(_("The recorder restarts ..."))
            else:
                text = _("The supervisor ended unexpectedly ({code}); it is started again.")
                _complain(text.format(code=code))
            await asyncio.sleep(AGAIN_S)
            self._supervisor = await self._spawn()

    async def _spawn(self) -> asyncio.subprocess.Process:
        arguments = ["-m", "appliance.supervisor", "--development", "--end-with-parent"]
        if self._options.no_web:
            arguments.append("--no-web")
        environment = {
            **os.environ,
            **self._paths.environment(),
            BOARD_VARIABLE: self._options.board,
        }
        if self._options.place:
            places = [str(place.absolute()) for place in self._options.place]
            environment[PLACES_VARIABLE] = os.pathsep.join(places)
        if not self._options.verbose:
            environment.setdefault("NVR_LOG_LEVEL", "ERROR")
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )

    async def _take_down(self) -> None:
        await self._bench.stop()
        process = self._supervisor
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
                _complain(_("The recorder did not end in order and was killed."))
        if self._cameras is not None:
            await self._cameras.stop()

    @contextlib.asynccontextmanager
    async def _bus(self) -> AsyncIterator[BusClient]:
        name, instance = f"cli@{os.getpid()}", secrets.token_hex(4)
        async with connected_client(self._paths.bus_socket, name, instance) as bus:
            yield bus


def _say(text: str) -> None:
    print(text, flush=True)


def _show(text: str) -> None:
    """Show progress on one line of a terminal; elsewhere nothing."""
    if sys.stdout.isatty():
        print(f"\r{text[:78]:<78}", end="" if text else "\r", flush=True)


def _complain(text: str, code: int = EXIT_FAILED) -> int:
    print(text, file=sys.stderr, flush=True)
    return code
