"""Publishes a group's state each second and raises and ends its events."""

from __future__ import annotations

import asyncio
import logging
import time

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.messages import ChannelStatus
from appliance.recorder.damage_watch import DamageWatch
from appliance.recorder.event_desk import EventDesk
from appliance.recorder.group import GroupRecorder
from appliance.recorder.reports import FaultClock, channel_status
from appliance.recorder.volume_reports import VolumeReporter
from appliance.recording.losses import Loss

log = logging.getLogger(__name__)

OFFLINE_AFTER_S = 3.0
"""A camera that is back sooner was never reported as offline."""

NOT_RECORDING_AFTER_S = 8.0
FLAPPING_FORGOTTEN_S = 900.0

CAMERA_EVENTS = ("password_refused", "camera_offline", "not_recording")
MS = 1_000_000

PASSWORD_FAULTS = frozenset({"password_refused", "password_needed", "basic_refused"})


class Reporter:
    """Turns what a group knows into topics and events."""

    def __init__(self, group: GroupRecorder, bus: BusClient, desk: EventDesk) -> None:
        self._group = group
        self._bus = bus
        self._desk = desk
        self._clock = FaultClock()
        self._volumes = VolumeReporter(group, desk, self._clock)
        self._damage = DamageWatch(desk)
        self._since: dict[tuple[str, int], float] = {}

    async def run(self) -> None:
        """Report once a second until cancelled."""
        while True:
            self.report()
            await self._keep_fingerprints()
            await self._volumes.refresh()
            self._bus.publish_nowait("volume.status", {"volumes": self._volumes.statuses()})
            await asyncio.sleep(1.0)

    async def accept_clock(self) -> None:
        """See VolumeReporter.accept_clock."""
        await self._volumes.accept_clock()

    async def _keep_fingerprints(self) -> None:
        """Note cameras' certificates in their channels, so that another one is refused."""
        waiting = self._group.fingerprints
        for channel, fingerprint in list(waiting.items()):
            try:
                await self._bus.request(
                    "settings.pin", {"item": channel, "fingerprint": fingerprint}
                )
            except BusError as error:
                log.warning("D%d: its certificate was not kept: %s", channel, error.text)
                if error.code.startswith("bus."):
                    return
            waiting.pop(channel, None)

    def statuses(self) -> list[ChannelStatus]:
        """Describe all channels."""
        fault = self._group.volumes.fault()
        return [
            channel_status(channel, self._clock, fault) for channel in self._group.channels.values()
        ]

    def report(self) -> None:
        """Publish the channels and bring their events up to date."""
        statuses = self.statuses()
        self._bus.publish_nowait("channel.status", {"channels": statuses})
        for status in statuses:
            self._camera_events(status)
        self._desk.settle(*CAMERA_EVENTS)
        self._damage.update(statuses, time.monotonic(), time.time_ns() // MS)
        self._loss_events()
        for jump in self._group.clock.take_jumps():
            self._desk.clock_jumped(jump)

    def _lasting(self, what: str, channel: int, so: bool, after_s: float) -> bool:
        """Whether `so` has been true for `after_s` without a break."""
        key = (what, channel)
        if not so:
            self._since.pop(key, None)
            return False
        return time.monotonic() - self._since.setdefault(key, time.monotonic()) >= after_s

    def _camera_events(self, status: ChannelStatus) -> None:
        channel, name = status["id"], status["name"]
        fault = status["fault"]
        password = fault is not None and fault["code"] in PASSWORD_FAULTS
        self._desk.set("password_refused", f"D{channel}", password, channel=channel, name=name)
        down = status["enabled"] and status["state"] != "playing" and not password
        reason = fault["text"] if fault else ""
        offline = self._lasting("offline", channel, down and fault is not None, OFFLINE_AFTER_S)
        self._desk.set(
            "camera_offline", f"D{channel}", offline, channel=channel, name=name, reason=reason
        )
        missing = status["not_recording"]
        silent = self._lasting("silent", channel, missing is not None, NOT_RECORDING_AFTER_S)
        self._desk.set(
            "not_recording",
            f"D{channel}",
            silent and not offline and not password,
            channel=channel,
            name=name,
            reason=missing["text"] if missing else "",
        )

    def _loss_events(self) -> None:
        """Tell what was lost; such an event lasts from the first to the last frame missing."""
        now = time.monotonic()
        ended, lasting = self._group.losses.stretches(now)
        for loss in (*ended, *lasting):
            self._loss_event(loss, True)
            if loss in ended:
                self._loss_event(loss, False)
        self._flapping_events(now)

    def _loss_event(self, loss: Loss, lasts: bool) -> None:
        stream = loss.stream
        channel = self._group.channels.get(stream.channel)
        self._desk.set(
            loss.reason.value,
            f"D{stream.channel} {stream.stream.value}",
            lasts,
            channel=stream.channel,
            start_ms=loss.start_ns // MS,
            end_ms=loss.end_ns // MS,
            counts=True,
            name=channel.config.name if channel else "",
            stream=stream.stream.value,
            seconds=f"{loss.seconds:.0f}" if loss.seconds >= 1 else f"{loss.seconds:.1f}",
            reason=loss.text,
        )

    def _flapping_events(self, now: float) -> None:
        group = self._group
        for stream, at in list(group.flapping.items()):
            lasts = now - at < FLAPPING_FORGOTTEN_S
            channel = group.channels.get(stream.channel)
            self._desk.set(
                "parameters_flapping",
                f"D{stream.channel} {stream.stream.value}",
                lasts,
                channel=stream.channel,
                name=channel.config.name if channel else "",
                stream=stream.stream.value,
            )
            if not lasts:
                del group.flapping[stream]
