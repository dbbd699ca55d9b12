"""A serial bus: one task owns the device, says what the arbiter gives it, and reopens it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import termios
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import serial
import serial.rs485

from board.errors import BoardError
from board.serial.arbiter import Arbiter, Send

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

RETRY_FIRST_S = 0.5
RETRY_MOST_S = 10.0
WRITE_S = 2.0
READ_STEP_S = 0.02
_LOST = (OSError, ValueError, termios.error)
"""What a device that has gone raises, by way of pyserial (SerialException is an OSError)."""


class Port(Protocol):
    """pyserial's Serial, as far as it is used."""

    baudrate: int
    timeout: float | None

    def write(self, data: bytes, /) -> int | None:
        """Write."""

    def flush(self) -> None:
        """Wait until everything is on the line."""

    def read(self, size: int = 1, /) -> bytes:
        """Read up to `size` bytes, `timeout` long."""

    def reset_input_buffer(self) -> None:
        """Throw away what came."""

    def close(self) -> None:
        """Close."""


OpenPort = Callable[[], Port]


def open_port(device: str, baud: int, *, rts_direction: bool = False) -> Port:
    """Open a serial device with 8 data bits, no parity, 1 stop bit.  Blocks; raises OSError.

    `rts_direction`: the driver of the kernel switches the transmitter by RTS (TIOCSRS485); where
    it cannot, the transceiver has to do that by itself.
    """
    port = serial.Serial(device, baud, timeout=READ_STEP_S, write_timeout=WRITE_S, exclusive=True)
    if rts_direction:
        try:
            port.rs485_mode = serial.rs485.RS485Settings()
        except _LOST as error:
            port.rs485_mode = None  # else every change of speed would fail like this
            _log.warning("%s: the kernel does not switch its direction (%s)", device, error)
    opened: Port = port
    return opened


class SerialBus:
    """One bus.

    `wishes` is the arbiter; after a wish call `wake`.  `changed` hears when the device comes or
    goes, on the loop.
    """

    def __init__(
        self, name: str, opener: OpenPort, changed: Callable[[SerialBus], None] = lambda bus: None
    ) -> None:
        self.name = name
        self.wishes = Arbiter()
        self.fault: BoardError | None = None
        self.open = False
        self.frames_sent = 0
        self._opener = opener
        self._changed = changed
        self._port: Port | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Open the device, now or as soon as it is there, and speak."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"serial-{self.name}")
        self._task = asyncio.create_task(self._run(), name=f"serial {self.name}")

    async def stop(self) -> None:
        """Stop every camera that moves, then close the device."""
        if self._task is None or self._thread is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        if self._port is not None:
            with contextlib.suppress(*_LOST):
                await self._in_thread(self._stop_all)
            await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    def wake(self) -> None:
        """Look at the wishes anew."""
        self._wake.set()

    # -- the task ------------------------------------------------------------------------------

    async def _run(self) -> None:
        pause_s = RETRY_FIRST_S
        while True:
            try:
                await self._open()
                pause_s = RETRY_FIRST_S
                await self._speak()
            except _LOST as error:
                await self._lose(error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_MOST_S)

    async def _open(self) -> None:
        self._port = await self._in_thread(self._opener)
        self.open, before = True, self.fault
        self.fault = None
        self.wishes.reopened()
        if before is not None:
            _log.info("The serial bus %s is back", self.name)
        self._changed(self)

    async def _lose(self, error: Exception) -> None:
        await self._in_thread(self._close)
        reason = getattr(error, "strerror", None) or str(error)
        fault = BoardError(
            "serial.gone",
            "The serial device of {port} does not work ({reason}). Cameras on it cannot be "
            "moved; it is tried again by itself. Check the adapter and its cable.",
            port=self.name,
            reason=reason,
        )
        first = self.fault is None or self.fault.text != fault.text
        self.open, self.fault = False, fault
        if first:
            _log.error("%s", fault)
            self._changed(self)

    async def _speak(self) -> None:
        while True:
            self._wake.clear()
            send = self.wishes.next(time.monotonic())
            if send is None:
                await self._rest()
                continue
            for number, frame in enumerate(send.frames):
                last = number == len(send.frames) - 1
                answer = await self._in_thread(self._say, send, frame, last)
                self.frames_sent += 1
                if last and send.heard is not None:
                    send.heard(answer)
                await asyncio.sleep(send.gap_s)

    async def _rest(self) -> None:
        due = self.wishes.due_s()
        wait_s = None if due is None else max(0.0, due - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()

    async def _in_thread(self, function: Callable[..., _T], *args: object) -> _T:
        assert self._thread is not None
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    # -- in the thread -------------------------------------------------------------------------

    def _say(self, send: Send, frame: bytes, last: bool) -> bytes:
        port = self._port
        assert port is not None
        if port.baudrate != send.baud:
            port.flush()
            port.baudrate = send.baud
        wanted = send.answer_bytes if last else 0
        if wanted:
            port.reset_input_buffer()
        port.write(frame)
        port.flush()
        answer = b""
        until = time.monotonic() + send.answer_s
        while wanted and len(answer) < wanted and time.monotonic() < until:
            part = port.read(wanted - len(answer))
            if answer and not part:
                break  # a pause ends an answer that is shorter
            answer += part
        return answer

    def _stop_all(self) -> None:
        assert self._port is not None
        for key in self.wishes.moving:
            self.wishes.stop(key)
        while (send := self.wishes.next_stop()) is not None:
            for frame in send.frames:
                self._say(send, frame, last=False)
                time.sleep(send.gap_s)

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(*_LOST):
                port.close()
