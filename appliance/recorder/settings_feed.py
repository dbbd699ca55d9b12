"""Reads this group's configuration over the bus, and again whenever it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.recording.config import RecorderConfig, recorder_config

log = logging.getLogger(__name__)

PAGES = ("general", "channels", "holidays", "record", "storage")
RETRY_S = 2.0

Apply = Callable[[RecorderConfig], Awaitable[None]]


class SettingsFeed:
    """Hands each new configuration to `apply`, one after the other, and acknowledges it.

    Passwords are asked for one by one (`settings.reveal`) and kept only in memory.
    """

    def __init__(self, bus: BusClient, apply: Apply, *, group: int, group_size: int) -> None:
        self._bus = bus
        self._apply = apply
        self._group = group
        self._group_size = group_size
        self._wanted = asyncio.Event()
        self._changes: list[dict[str, Any]] = []
        bus.subscribe("settings.changed", self._on_change)
        bus.on_connect(self._on_connect)

    async def _on_connect(self) -> None:
        await self._bus.request("settings.watch", {"pages": list(PAGES)})
        self._wanted.set()

    def _on_change(self, change: dict[str, Any]) -> None:
        if change.get("page") in PAGES:
            self._changes.append(change)
            self._wanted.set()

    async def run(self) -> None:
        """Apply configurations until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            changes, self._changes = self._changes, []
            try:
                config = await self._read()
                await self._apply(config)
            except BusError as error:
                log.warning("The settings could not be read: %s", error.text)
                await self._acknowledge(changes, refused=error.text)
                await asyncio.sleep(RETRY_S)
                self._wanted.set()
            except (KeyError, ValueError, TypeError) as error:
                log.exception("The settings were not understood; the former ones stay")
                await self._acknowledge(changes, refused=str(error))
            else:
                self._bus.settings_version = config.version
                await self._acknowledge(changes)

    async def _read(self) -> RecorderConfig:
        answer = await self._bus.request("settings.get", {})
        pages = {name: page["values"] for name, page in answer["pages"].items()}
        passwords: dict[int, str] = {}
        for item in pages["channels"]["items"]:
            secret = item["password"]
            if isinstance(secret, dict) and secret.get("set"):
                revealed = await self._bus.request(
                    "settings.reveal",
                    {"page": "channels", "item": item["id"], "field": "password"},
                )
                passwords[item["id"]] = revealed["value"]
        return recorder_config(
            pages,
            passwords,
            group=self._group,
            group_size=self._group_size,
            version=answer["version"],
        )

    async def _acknowledge(self, changes: list[dict[str, Any]], *, refused: str = "") -> None:
        for change in changes:
            try:
                await self._bus.request(
                    "settings.ack",
                    {
                        "version": change["version"],
                        "page": change["page"],
                        "applied": not refused,
                        "text": refused,
                    },
                )
            except BusError as error:
                log.warning("A change of settings could not be acknowledged: %s", error.text)
