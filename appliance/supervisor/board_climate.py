"""Temperatures, fans, clock and starts in the supervisor: read in a thread, told over the bus."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.bus.io_messages import ClockStatus, DeviceStatus, StartCause, StartStatus
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.settings.files import write_atomically
from appliance.supervisor.board_io_events import IoEvents
from appliance.supervisor.board_words import error_text
from appliance.text import _
from board.climate import reboot, rtc
from board.climate.climate import Climate, Reading
from board.climate.hwmon import Hwmon
from board.profile.model import BoardProfile

_log = logging.getLogger(__name__)

FACES = frozenset({"web", "cli", "gui"})
READ_S = 5.0
MINUTE = 12
HISTORY = 24 * 60
SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""Is there once a time server has set the system's clock."""

MAX_STARTS = 20
CAUSES: dict[StartCause, str] = {
    "ordered": _("It had been shut down in order."),
    "power": _("Its power had failed or was switched off."),
    "watchdog": _("It had stopped working and its watchdog started it anew."),
    "overheated": _("It had switched off because it was too hot."),
    "crash": _("Its system had crashed."),
    "first": _("It started for the first time."),
}


class ClimateService:
    """What a board tells about itself.

    `turn` lets a bench move before each reading; `set_clock` sets the system's clock (seconds,
    UTC), None where it is not ours to set.
    """

    def __init__(
        self,
        bus: BusServer,
        events: IoEvents,
        profile: BoardProfile,
        starts: Path,
        *,
        boot_id: str,
        hwmon: Hwmon,
        rtc_root: Path = rtc.RTC_CLASS,
        turn: Callable[[], None] = lambda: None,
        signs: Callable[[], reboot.Signs] = reboot.read_signs,
        set_clock: Callable[[float], None] | None = None,
        synchronised: Path = SYNCHRONISED,
    ) -> None:
        self._events = events
        self._profile = profile
        self._starts_file = starts
        self._climate = Climate(profile.sensors, profile.fans, hwmon)
        self._rtc_root = rtc_root
        self._turn = turn
        self._signs = signs
        self._set_clock = set_clock
        self._synchronised = synchronised
        self._reading = Reading((), ())
        self._clock = rtc.RtcReading(None, None, None)
        self._history: deque[float | None] = deque(maxlen=HISTORY)
        self._starts: list[StartStatus] = []
        self._boot_id = boot_id
        self._boot = ""
        self._ahead_s: float | None = None
        self._task: asyncio.Task[None] | None = None
        bus.handle("device.get", self._get, roles=FACES)

    async def start(self, ending: str) -> None:
        """Note why the computer started, where it has since the last time; then read regularly.

        `ending`: how the life before ended, see `lifemark.LastLife`.
        """
        self._starts = await asyncio.to_thread(self._load)
        if self._boot != self._boot_id:
            await asyncio.to_thread(self._take_time)
            self._boot = self._boot_id
            signs = await asyncio.to_thread(self._signs)
            cause: StartCause = (
                "first"
                if ending == "none"
                else reboot.cause_of(signs, ended_in_order=ending == "clean")
            )
            text = CAUSES[cause]
            self._events.start(text)
            entry: StartStatus = {"cause": cause, "text": text, "at": time.time_ns() // 1_000_000}
            self._starts = [entry, *self._starts][:MAX_STARTS]
            await asyncio.to_thread(self._save)
        await self._look_once()  # the PoE budget needs the temperature before its ports start
        self._task = asyncio.create_task(self._read())

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def starts(self) -> list[StartStatus]:
        """Why the computer started, the newest first."""
        return list(self._starts)

    @property
    def clock_ahead_s(self) -> float | None:
        """How far the system's clock is ahead of the battery-backed one, None without one."""
        return self._ahead_s

    def celsius(self, sensor: str) -> float | None:
        """Return a sensor's temperature, None while it is not known."""
        return self._reading.celsius(sensor)

    def _take_time(self) -> None:
        """Set the system's clock by the battery-backed one, before there is a network."""
        if self._set_clock is None or self._profile.rtc is None:
            return
        found = rtc.read(self._profile.rtc.device, self._rtc_root)
        wanted = rtc.to_set(time.time(), found.utc_s, synchronised=self._synchronised.exists())
        if wanted is None:
            return
        try:
            self._set_clock(wanted)
        except OSError as error:
            _log.error("The clock could not be set by the battery-backed one: %s", error)
            return
        _log.warning("The clock was set by the battery-backed one")

    async def _read(self) -> None:
        count = 0
        while True:
            if count % MINUTE == 0:
                first = next(iter(self._reading.sensors), None)
                self._history.append(None if first is None else first.celsius)
            count += 1
            await asyncio.sleep(READ_S)
            await self._look_once()

    async def _look_once(self) -> None:
        self._reading, self._clock = await asyncio.to_thread(self._look)
        if self._clock.utc_s is not None:
            self._ahead_s = round(time.time() - self._clock.utc_s, 1)
        self._events.climate(self._reading)
        if self._profile.rtc is not None:
            self._events.clock(self._clock.fault)

    def _look(self) -> tuple[Reading, rtc.RtcReading]:
        self._turn()
        reading = self._climate.read()
        if self._profile.rtc is None:
            return reading, self._clock
        return reading, rtc.read(self._profile.rtc.device, self._rtc_root)

    def _load(self) -> list[StartStatus]:
        try:
            raw = json.loads(self._starts_file.read_bytes())
            self._boot = str(raw["boot"])
            return [
                StartStatus(cause=entry["cause"], text=CAUSES[entry["cause"]], at=int(entry["at"]))
                for entry in raw["starts"]
            ][:MAX_STARTS]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            self._boot = ""
            return []

    def _save(self) -> None:
        try:
            self._starts_file.parent.mkdir(parents=True, exist_ok=True)
            starts = [{"cause": entry["cause"], "at": entry["at"]} for entry in self._starts]
            raw = {"boot": self._boot, "starts": starts}
            write_atomically(self._starts_file, json.dumps(raw).encode())
        except OSError as error:
            _log.warning("Why the computer started could not be stored: %s", error)

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        limits = {sensor.name: sensor for sensor in self._profile.sensors}
        status: DeviceStatus = {
            "sensors": [
                {
                    "name": sensor.name,
                    "celsius": sensor.celsius,
                    "level": sensor.level,
                    "high_c": limits[sensor.name].high_c,
                    "critical_c": limits[sensor.name].critical_c,
                    "fault": error_text(sensor.fault),
                }
                for sensor in self._reading.sensors
            ],
            "fans": [
                {
                    "name": fan.name,
                    "rpm": fan.rpm,
                    "percent": round(fan.percent, 1),
                    "fault": error_text(fan.fault),
                }
                for fan in self._reading.fans
            ],
            "clock": self._clock_status(),
            "starts": self._starts,
            "history": list(self._history),
        }
        return status

    def _clock_status(self) -> ClockStatus:
        seconds = self._clock.utc_s
        return {
            "fitted": self._profile.rtc is not None,
            "utc": None if seconds is None else seconds * 1000,
            "ahead_s": self._ahead_s,
            "battery_low": self._clock.battery_low,
            "fault": error_text(self._clock.fault),
        }
