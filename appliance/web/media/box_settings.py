"""What the media modules need of the box's settings: volumes, time zone, names of channels."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appliance.bus.errors import BusError
from appliance.web.context import Bus

log = logging.getLogger(__name__)

PAGES = ("storage", "general", "channels")


class BoxSettings:
    """The last that was told; defaults until then."""

    def __init__(self, bus: Bus, on_volumes: Callable[[Sequence[Path]], None]) -> None:
        self._bus = bus
        self._on_volumes = on_volumes
        self.zone = ZoneInfo("UTC")
        self.names: dict[int, str] = {}
        self.box_name = "NVR"
        self._loaded = False
        bus.subscribe("settings.changed", self._on_changed)
        bus.on_connect(self.load)

    def name_of(self, channel: int) -> str:
        """Return the name of a channel, empty if it has none."""
        return self.names.get(channel, "")

    async def ensure(self) -> None:
        """Ask, unless the settings are known."""
        if not self._loaded:
            await self.load()

    async def load(self) -> None:
        """Ask for all pages; where nobody answers, the former values stay."""
        self._loaded = all([await self._load(page) for page in PAGES])

    async def _on_changed(self, payload: Any) -> None:
        if isinstance(payload, dict) and payload.get("page") in PAGES:
            await self._load(payload["page"])

    async def _load(self, page: str) -> bool:
        try:
            values = (await self._bus.request("settings.get", {"page": page}))["values"]
            if page == "storage":
                self._on_volumes([Path(volume["path"]) for volume in values["volumes"]])
            elif page == "general":
                self.zone = ZoneInfo(values["zone"])
                self.box_name = str(values.get("name") or "NVR")
            else:
                self.names = {int(item["id"]): str(item["name"]) for item in values["items"]}
        except BusError as error:
            log.warning("settings %s cannot be had, the former ones stay: %s", page, error)
        except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError) as error:
            log.error("settings %s are malformed, the former ones stay: %r", page, error)
        else:
            return True
        return False
