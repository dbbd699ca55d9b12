"""RS-232 passed through: bytes in both directions, nothing looked at (D1-PL-13, D2-SY-40)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import termios
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import serial

from board.errors import BoardError
from board.serial.protocols import check_baud

_log = logging.getLogger(__name__)

Parity = Literal["none", "odd", "even", "mark", "null"]
_PARITIES = {
    "none": serial.PARITY_NONE,
    "odd": serial.PARITY_ODD,
    "even": serial.PARITY_EVEN,
    "mark": serial.PARITY_MARK,
    "null": serial.PARITY_SPACE,
}
MAX_WAITING = 64 * 1024
"""Bytes that wait for a slow line; of more the sender hears, and stops."""

READ_BYTES = 4096


@dataclass(frozen=True, slots=True)
class LineSettings:
    """Speed and form of a character (D2-SY-45)."""

    baud: int = 115200
    data_bits: int = 8
    stop_bits: int = 1
    parity: Parity = "none"

    def __post_init__(self) -> None:
        """Raise BoardError for what no line has."""
        check_baud(self.baud)
        if self.data_bits not in (5, 6, 7, 8):
            raise BoardError("serial.bits", "A character has 5 to 8 data bits.")
        if self.stop_bits not in (1, 2):
            raise BoardError("serial.bits", "A character has 1 or 2 stop bits.")
        if self.parity not in _PARITIES:
            known = ", ".join(_PARITIES)
            raise BoardError("serial.parity", "Parity is one of {known}.", known=known)


def open_device(device: str, settings: LineSettings) -> Any:
    """Open a serial device.  Blocks: a modem's carrier or a hub may be waited for.

    Raises BoardError.
    """
    try:
        return serial.Serial(
            device,
            settings.baud,
            bytesize=settings.data_bits,
            stopbits=settings.stop_bits,
            parity=_PARITIES[settings.parity],
            timeout=0,
            exclusive=True,
        )
    except (OSError, ValueError) as error:
        raise _unusable(device, error) from error


def close_device(port: Any) -> None:
    """Close what `open_device` returned.  Blocks; what waits for the line is thrown away."""
    with contextlib.suppress(OSError, termios.error):
        port.reset_output_buffer()  # else the kernel waits up to 30 s for a line that is held
    with contextlib.suppress(OSError, termios.error):
        port.close()


class TransparentPort:
    """The bytes of an open device (`port`, from `open_device`), which is closed with it.

    `received` gets what comes, `lost` why it ended; on the loop.
    """

    def __init__(
        self,
        device: str,
        port: Any,
        received: Callable[[bytes], None],
        lost: Callable[[BoardError], None],
    ) -> None:
        self._device = device
        self._received = received
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._port: Any = port
        self._waiting = bytearray()
        self._writing = False
        self._room = asyncio.Event()
        self._room.set()
        self._fd: int = self._port.fileno()
        os.set_blocking(self._fd, False)
        self._loop.add_reader(self._fd, self._read)

    def write(self, data: bytes) -> None:
        """Send.  Raises BoardError where too much waits already; then nothing of it is sent."""
        if self._port is None:
            raise BoardError("serial.closed", "{device} is closed.", device=self._device)
        if len(self._waiting) + len(data) > MAX_WAITING:
            raise BoardError(
                "serial.slow", "{device} is slower than what is sent to it.", device=self._device
            )
        self._waiting += data
        self._write()

    async def room(self) -> None:
        """Wait until the line has taken all that was written, or is closed."""
        await self._room.wait()

    def close(self) -> None:
        """Close the device; what waits is thrown away."""
        port, self._port = self._port, None
        if port is None:
            return
        self._room.set()
        self._loop.remove_reader(self._fd)
        if self._writing:
            self._loop.remove_writer(self._fd)
        self._loop.run_in_executor(None, close_device, port)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)
            return
        if not data:
            self._fail(OSError(errno.EIO, "the device is gone"))
            return
        self._received(data)

    def _write(self) -> None:
        try:
            sent = os.write(self._fd, self._waiting)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._fail(error)
            return
        del self._waiting[:sent]
        if bool(self._waiting) == self._writing:
            return
        self._writing = bool(self._waiting)
        if self._writing:
            self._room.clear()
            self._loop.add_writer(self._fd, self._write)
        else:
            self._room.set()
            self._loop.remove_writer(self._fd)

    def _fail(self, error: OSError) -> None:
        self.close()
        fault = _unusable(self._device, error)
        _log.error("%s", fault)
        self._lost(fault)


def _unusable(device: str, error: Exception) -> BoardError:
    reason = getattr(error, "strerror", None) or str(error)
    return BoardError(
        "serial.gone",
        "The serial device {device} does not work: {reason}. Check adapter and cable.",
        device=device,
        reason=reason,
    )
