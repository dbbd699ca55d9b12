"""A serial line of the bench: a pseudo terminal whose far end has devices on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import termios
import tty
from pathlib import Path
from typing import Protocol

_SPEEDS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
}


class Device(Protocol):
    """Something on the line."""

    def hear(self, data: bytes, baud: int) -> bytes:
        """Take bytes that came at a speed; return what it answers."""


class SerialLine:
    """`path` is a link to the pseudo terminal, so that it may be unplugged and plugged again.

    What the program writes reaches every device, as on a bus; what a device answers goes back.
    `heard` keeps the last bytes with their speed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.devices: list[Device] = []
        self.heard: list[tuple[bytes, int]] = []
        self._master: int | None = None
        self._slave: int | None = None

    @property
    def plugged(self) -> bool:
        """Whether the device is there."""
        return self._master is not None

    def plug(self) -> None:
        """Let the device appear."""
        if self._master is not None:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def unplug(self) -> None:
        """Let the device vanish, as an adapter does that is pulled."""
        if self._master is None or self._slave is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = None
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def say(self, data: bytes) -> None:
        """Put bytes on the line from the far end."""
        if self._master is not None:
            os.write(self._master, data)

    def _read(self) -> None:
        assert self._master is not None
        assert self._slave is not None
        try:
            data = os.read(self._master, 4096)
        except (BlockingIOError, OSError):
            return
        baud = _SPEEDS.get(termios.tcgetattr(self._slave)[5], 0)
        self.heard.append((data, baud))
        del self.heard[:-1000]
        for device in self.devices:
            answer = device.hear(data, baud)
            if answer:
                self.say(answer)
