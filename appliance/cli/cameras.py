"""The simulated cameras of `nvr run --cameras sim`: started, waited for, added as channels."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.bus.client import BusClient
from appliance.text import _

FIRST_PORTS = (8554, 9554, 18554, 28554)
STOP_S = 5.0


class CamerasError(Exception):
    """The simulated cameras did not start; the text says why."""


class SimulatedCameras:
    """Runs `python -m appliance.cameras.sim`; `note` remembers ports and addresses."""

    def __init__(self, note: Path, show: Callable[[str], None]) -> None:
        self._note = note
        self._show = show
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.cameras: list[dict[str, Any]] = []
        self.control = ""

    async def start(self) -> None:
        """Start and wait until they answer; raise CamerasError."""
        remembered = self._read_note()
        ports = [p for p in (remembered.get("port"), *FIRST_PORTS) if isinstance(p, int)]
        failure = ""
        for port in dict.fromkeys(ports):
            failure = await self._try(port)
            if not failure:
                self._write_note(port)
                return
        raise CamerasError(failure)

    async def stop(self) -> None:
        """End them."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def bind(self, bus: BusClient) -> int:
        """Make them channels 1 to 4 where there are no channels; return how many were added.

        Where they are channels already and answer elsewhere now, the channels are told so.
        """
        page = await bus.request("settings.get", {"page": "channels"})
        items = page["values"]["items"]
        if not items:
            for camera in self.cameras:
                await bus.request("settings.add", {"page": "channels", "values": _channel(camera)})
            self._remember_addresses()
            return len(self.cameras)
        before = self._read_note().get("addresses", {})
        for camera in self.cameras:
            former = before.get(camera["name"], {}).get("main_url")
            for item in items:
                if item["main_url"] == former != camera["main_url"]:
                    changes = {key: camera[key] for key in ("main_url", "sub_url")}
                    await bus.request(
                        "settings.patch",
                        {"page": "channels", "item": item["id"], "changes": changes},
                    )
        self._remember_addresses()
        return 0

    async def _try(self, port: int) -> str:
        """Start at a port; return "" or why not."""
        arguments = ["-m", "appliance.cameras.sim", "--demo", "--port", str(port)]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ.copy(),
        )
        output = self._process.stdout
        assert output is not None
        text = _("The simulated cameras ended before they were ready.")
        while line := await output.readline():
            message = _parse(line)
            if "progress" in message:
                self._show(f"{round(float(message['progress']) * 100)} % {message.get('text', '')}")
            if message.get("ready"):
                self.cameras = list(message["cameras"])
                self.control = str(message.get("control", ""))
                self._reader = asyncio.create_task(_drain(output))
                return ""
            if "error" in message:
                text = str(message.get("text", text))
        await self._process.wait()
        return text

    def _read_note(self) -> dict[str, Any]:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def _write_note(self, port: int) -> None:
        self._note.parent.mkdir(parents=True, exist_ok=True)
        note = {**self._read_note(), "port": port}
        self._note.write_text(json.dumps(note), encoding="utf-8")

    def _remember_addresses(self) -> None:
        addresses = {c["name"]: {"main_url": c["main_url"]} for c in self.cameras}
        note = {**self._read_note(), "addresses": addresses}
        self._note.write_text(json.dumps(note), encoding="utf-8")


def _channel(camera: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": camera["title"],
        "main_url": camera["main_url"],
        "sub_url": camera["sub_url"],
        "username": camera["user"],
        "password": camera["password"],
    }


def _parse(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


async def _drain(output: asyncio.StreamReader) -> None:
    while await output.readline():
        pass
