"""Running the child of a camera test: few at a time, never longer than its limit."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from typing import Any

from appliance.text import _

PROBE_S = 12.0
"""Time the camera has to answer and to send a key frame."""
LIMIT_S = 20.0
"""Time after which the child is ended, whatever it does."""
MAX_ANSWER_BYTES = 4 << 20
MAX_AT_ONCE = 2
MODULE = "appliance.web.probing.child"
_KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "HOME")
_log = logging.getLogger(__name__)


class TooManyTestsError(Exception):
    """Enough tests are running already."""


class Prober:
    """Starts children and waits for them; all are gone after `close`."""

    def __init__(self, module: str = MODULE, *, limit_s: float = LIMIT_S) -> None:
        self._module = module
        self._limit_s = limit_s
        self._running: set[asyncio.subprocess.Process] = set()
        self._starting = 0

    async def run(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return {"ok", "picture", "formats", "fault", "bitrate_bps"} for a SourceConfig's fields.

        Raises TooManyTestsError.
        """
        if self._starting >= MAX_AT_ONCE:
            raise TooManyTestsError
        self._starting += 1
        try:
            return await self._run(config)
        finally:
            self._starting -= 1

    async def close(self) -> None:
        """End what still runs."""
        for process in list(self._running):
            await _end(process)

    async def _run(self, config: dict[str, Any]) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            start_new_session=True,
            limit=MAX_ANSWER_BYTES,
        )  # fmt: skip
        self._running.add(process)
        wish = json.dumps({"config": config, "timeout_s": PROBE_S}).encode()
        try:
            async with asyncio.timeout(self._limit_s):
                return await _converse(process, wish)
        except TimeoutError:
            return _fault(
                "test_timeout",
                _("The camera kept the test busy without giving a picture. Try again."),
            )
        except (ValueError, OSError) as error:
            _log.warning("The child of a camera test failed: %s", error)
            return _fault(
                "test_failed",
                _("The test ended without a result. The camera may send what cannot be read."),
            )
        finally:
            await _end(process)
            self._running.discard(process)


async def _converse(process: asyncio.subprocess.Process, wish: bytes) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(wish)
    process.stdin.close()
    answer = await process.stdout.read(MAX_ANSWER_BYTES + 1)
    while len(answer) <= MAX_ANSWER_BYTES and (more := await process.stdout.read(1 << 16)):
        answer += more
    if len(answer) > MAX_ANSWER_BYTES:
        raise ValueError("the answer is too long")
    found = json.loads(answer)
    if not isinstance(found, dict) or "ok" not in found:
        raise ValueError("no answer")
    return found


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


def _fault(code: str, text: str) -> dict[str, Any]:
    fault = {"code": code, "text": text}
    return {"ok": False, "picture": None, "formats": [], "fault": fault, "bitrate_bps": None}
