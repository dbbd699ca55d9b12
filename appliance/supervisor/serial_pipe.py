"""RS-232 for one program at a time: a Unix socket that carries the bytes, nothing else.

The network's side is the web process: it knows who may, this one knows the device.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.bus.io_messages import SerialPortStatus
from appliance.supervisor.board_words import error_text
from board.errors import BoardError
from board.serial.transparent import (
    MAX_WAITING,
    LineSettings,
    TransparentPort,
    close_device,
    open_device,
)

_log = logging.getLogger(__name__)

RETRY_S = 5.0
FIRST_S = 1.0
CHUNK = 4096


class SerialPipe:
    """Opens the device while it is switched on; `changed` hears of faults, on the loop."""

    def __init__(
        self, name: str, device: str, path: Path, changed: Callable[[SerialPipe], None]
    ) -> None:
        self.name = name
        self.fault: BoardError | None = None
        self._device = device
        self._path = path
        self._changed = changed
        self._settings: LineSettings | None = None
        self._port: TransparentPort | None = None
        self._server: asyncio.Server | None = None
        self._client: asyncio.StreamWriter | None = None
        self._opening: asyncio.Task[None] | None = None
        self._sent = 0

    def status(self) -> SerialPortStatus:
        """Return how it is; `sent` counts bytes to the device."""
        return {
            "name": self.name,
            "kind": "rs232",
            "use": "off" if self._settings is None else "transparent",
            "open": self._port is not None,
            "fault": error_text(self.fault),
            "connected": self._client is not None,
            "sent": self._sent,
        }

    async def configure(self, settings: LineSettings | None) -> None:
        """Switch on with these settings, or off."""
        if settings == self._settings:
            return
        await self.close()
        self._settings = settings
        if settings is None:
            self._set_fault(None)
            return
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=CHUNK)
        self._path.chmod(0o660)
        self._begin()
        if self._opening is not None:  # whoever finds the socket finds the device behind it
            await asyncio.wait({self._opening}, timeout=FIRST_S)

    async def close(self) -> None:
        """Close device and socket."""
        self._settings = None
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
            self._opening = None
        self._drop_port()
        if self._client is not None:
            self._client.close()
        if self._server is not None:
            self._server.close()
            self._server = None
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    # -- the device ----------------------------------------------------------------------------

    def _begin(self, after_s: float = 0.0) -> None:
        self._opening = asyncio.create_task(self._open(after_s), name=f"open {self.name}")

    async def _open(self, after_s: float) -> None:
        """Open the device in a thread, as soon as it is there."""
        await asyncio.sleep(after_s)
        while self._settings is not None:
            opening = asyncio.ensure_future(
                asyncio.to_thread(open_device, self._device, self._settings)
            )
            try:
                device = await asyncio.shield(opening)
            except BoardError as error:
                self._set_fault(error)
                await asyncio.sleep(RETRY_S)
                continue
            except asyncio.CancelledError:
                opening.add_done_callback(_close_late)
                raise
            self._port = TransparentPort(self._device, device, self._received, self._lost)
            self._set_fault(None)
            return

    def _lost(self, error: BoardError) -> None:
        self._drop_port()
        self._set_fault(error)
        if self._settings is not None:
            self._begin(RETRY_S)

    def _drop_port(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    def _set_fault(self, fault: BoardError | None) -> None:
        before, self.fault = self.fault, fault
        if (before and before.text) != (fault and fault.text):
            self._changed(self)

    def _received(self, data: bytes) -> None:
        client = self._client
        if client is None:
            return  # nobody listens
        if client.transport.get_write_buffer_size() > MAX_WAITING:
            client.close()  # it reads slower than the line: an honest end, no hole in the bytes
            return
        client.write(data)

    # -- the program ---------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._client is not None or self._port is None:
            writer.close()
            return
        self._client = writer
        try:
            while data := await reader.read(CHUNK):
                if self._port is not None:
                    await self._port.room()
                if self._port is None:
                    break
                self._port.write(data)
                self._sent += len(data)
        except (OSError, BoardError) as error:
            _log.info("RS-232: the connection ended: %s", error)
        finally:
            self._client = None
            writer.close()


def _close_late(opening: asyncio.Future[Any]) -> None:
    """Close a device that was opened after nobody wanted it any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.get_loop().run_in_executor(None, close_device, opening.result())
