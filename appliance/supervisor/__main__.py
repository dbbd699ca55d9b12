"""`python -m appliance.supervisor`: run the box until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import logging
import os
import signal
import sys

from appliance import log
from appliance.bus.errors import BusError
from appliance.paths import Paths
from appliance.supervisor.app import Options, Supervisor
from appliance.supervisor.board_service import BOARD_VARIABLE
from appliance.supervisor.code import code_version
from appliance.supervisor.locks import FileLock, LockHeldError, holder_of

_log = logging.getLogger(__name__)

EXIT_FAILED = 1
SETTLED_S = 30.0
"""What was made by then stays.  A collection that looks at all of it takes 36 ms (measured; 60,000
objects), in which no alarm closes its output: frozen objects are looked at no more."""
SWITCH_S = 0.001
"""The loop waits no longer than this for threads that write settings and events."""
EXIT_ALREADY_RUNNING = 3
EXIT_RESTART = 4
"""In development, where no computer restarts: whoever started us is to start us again."""


def _options(argv: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m appliance.supervisor", description="Runs the recorder box."
    )
    parser.add_argument(
        "--development",
        action="store_true",
        help="make a volume at the first start; stop the recorders too when stopped",
    )
    parser.add_argument(
        "--board",
        default=os.environ.get(BOARD_VARIABLE, ""),
        help="a board profile by name or file (default: the one for this computer, if any)",
    )
    parser.add_argument("--no-web", action="store_true", help="do not run the web server")
    parser.add_argument(
        "--end-with-parent",
        action="store_true",
        help="stop in order when the process that started this one ends",
    )
    arguments = parser.parse_args(argv)
    if arguments.end_with_parent:
        _end_with_parent()
    return Options(
        development=arguments.development, web=not arguments.no_web, board=arguments.board
    )


def _end_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent has gone (PR_SET_PDEATHSIG, prctl(2))."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it went between the two calls
        os.kill(os.getpid(), signal.SIGTERM)


async def _run(paths: Paths, options: Options, code: str) -> int:
    supervisor = Supervisor(paths, options, code_version=code)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    loop.call_later(SETTLED_S, gc.freeze)
    await supervisor.run()
    return EXIT_RESTART if supervisor.leaving == "restart" and not paths.on_box else 0


def main(argv: list[str] | None = None) -> int:
    """Run until told to stop; 1: it could not start, 3: another runs already, 4: start it again."""
    options = _options(argv)
    paths = Paths.from_environment()
    os.environ.setdefault(log.FOLDER_VARIABLE, str(paths.logs))
    log.configure("supervisor")
    lock_path = paths.run / "supervisor.lock"
    lock = FileLock(lock_path)
    try:
        lock.acquire()
    except LockHeldError:
        _log.error(
            "Another recorder runs from %s already (process %s). Stop that one first, or set "
            "NVR_RUN, NVR_STATE and NVR_VOLUMES to other folders.",
            paths.run,
            holder_of(lock_path) or "?",
        )
        return EXIT_ALREADY_RUNNING
    except OSError as error:
        _log.error("Cannot write to %s: %s. Choose another folder.", paths.run, error.strerror)
        return EXIT_FAILED
    os.umask(0o027)
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    try:
        return asyncio.run(_run(paths, options, code_version()))
    except (BusError, OSError) as error:
        _log.error("The supervisor could not start: %s", error)
        return EXIT_FAILED
    except Exception:  # noqa: BLE001 - whatever it was has to be in the log
        _log.exception("The supervisor broke")
        return EXIT_FAILED
    finally:
        lock.release()


if __name__ == "__main__":
    raise SystemExit(main())
