"""What a recorder tells about its volumes, and the events that follow from it."""

from __future__ import annotations

import logging
import time

from appliance.bus.messages import VolumeStatus
from appliance.recorder.event_desk import EventDesk
from appliance.recorder.group import GroupRecorder
from appliance.recorder.reports import FaultClock
from appliance.recording.volume_worker import VolumeWorker
from appliance.storage.errors import VolumeError, VolumeFault
from appliance.storage.usage import VolumeUsage, usage

log = logging.getLogger(__name__)

REFRESH_S = 5.0
EXPIRE_S = 60.0

EVENT_OF_FAULT = {
    "volume_full": "volume_full",
    "volume_read_only": "volume_read_only",
    "volume_vanished": "volume_missing",
    "volume_hung": "volume_missing",
    "volume_io": "volume_error",
    "volume_damaged": "volume_error",
    "volume_internal": "volume_error",
    "volume_foreign": "volume_refused",
    "volume_swapped": "volume_refused",
    "volume_cloned": "volume_refused",
    "volume_newer": "volume_refused",
    "volume_busy": "volume_refused",
    "volume_slow": "disk_slow",
}
STATE_OF_EVENT = {
    "volume_full": "full",
    "volume_read_only": "read_only",
    "volume_missing": "missing",
    "volume_error": "suspect",
    "volume_refused": "refused",
    "disk_slow": "slow",
}
SLOW_LASTS_S = 30.0


class VolumeReporter:
    """Keeps the last known usage of each volume; asking takes a moment in its thread."""

    def __init__(self, group: GroupRecorder, desk: EventDesk, clock: FaultClock) -> None:
        self._group = group
        self._desk = desk
        self._clock = clock
        self._usage: dict[str, VolumeUsage] = {}
        self._asked_at = 0.0
        self._expired_at = time.monotonic()
        self._slow_at: dict[str, float] = {}
        self._late_at = -1e9
        self._expiry_faults: dict[str, VolumeFault | None] = {}

    async def refresh(self) -> None:
        """Ask each volume how full it is, every few seconds, and settle its events."""
        due = time.monotonic() - self._asked_at >= REFRESH_S
        expire = time.monotonic() - self._expired_at >= EXPIRE_S
        if due:
            self._asked_at = time.monotonic()
            self._expired_at = self._asked_at if expire else self._expired_at
        for worker in self._group.volumes:
            if due and worker.ready:
                await self._ask(worker)
                await self._expire(worker, expire)
            self._events(worker)
        self._late_event()
        refused = self._group.volumes.refused
        config = self._group.config
        for volume in config.volumes if config else ():
            if volume in refused:
                reason = refused[volume].text
                self._desk.set("volume_refused", volume.id, True, volume=volume.name, reason=reason)
        self._desk.settle(*STATE_OF_EVENT, "retention_low", "expiry_paused")
        for name, block in self._group.suspect_blocks:
            self._desk.once("volume_suspect", volume=name, reason=f"#{block}")
        self._group.suspect_blocks.clear()
        fault = self._group.volumes.fault()
        recording = any(channel.config.enabled for channel in self._group.channels.values())
        self._desk.set(
            "no_volume",
            "volumes",
            fault is not None and recording and fault.code != "volume_opening",
            reason=fault.text if fault else "",
        )

    async def accept_clock(self) -> None:
        """A person says that the clock is right: delete by age again, at the next refresh.

        Raises VolumeError, OSError, TimeoutError where a volume does not answer.
        """
        self._group.clock.accept()
        for worker in list(self._group.volumes):
            if worker.ready:
                await worker.call(lambda writer: writer.expiry.accept_clock())
                await self._expire(worker, due=True)

    async def _ask(self, worker: VolumeWorker) -> None:
        try:
            trusted = self._group.clock.trusted
            self._usage[worker.config.id] = await worker.call(
                lambda writer: usage(writer, time_trusted=trusted)
            )
        except (VolumeError, OSError, TimeoutError) as error:
            log.debug("volume %s did not tell how full it is: %s", worker.config.name, error)

    async def _expire(self, worker: VolumeWorker, due: bool) -> None:
        """Give up footage that is too old (D2-ST-03), while the clock can be trusted."""
        if not due:
            return
        trusted = self._group.clock.trusted
        try:
            report = await worker.call(lambda writer: writer.expire(time_trusted=trusted))
        except (VolumeError, OSError, TimeoutError) as error:
            log.warning("volume %s: old footage was not deleted: %s", worker.config.name, error)
            return
        self._expiry_faults[worker.config.id] = report.fault
        self._paused_event(worker)
        if report.blocks:
            log.info("volume %s: %d old files given up", worker.config.name, report.blocks)

    def _events(self, worker: VolumeWorker) -> None:
        fault = worker.current_fault()
        if fault is not None and fault.code == "volume_slow":
            self._slow_at[worker.config.id] = time.monotonic()
        slow = time.monotonic() - self._slow_at.get(worker.config.id, -1e9) < SLOW_LASTS_S
        current = EVENT_OF_FAULT.get(fault.code, "") if fault else ""
        for kind in STATE_OF_EVENT:
            lasts = slow if kind == "disk_slow" else kind == current
            self._desk.set(
                kind,
                worker.config.id,
                lasts,
                volume=worker.config.name,
                reason=fault.text if fault else "",
                write_ms=f"{worker.last_commit_s * 1000:.0f}",
            )
        self._paused_event(worker)
        known = self._usage.get(worker.config.id)
        short = known is not None and known.retention_short is not None
        self._desk.set(
            "retention_low",
            worker.config.id,
            short,
            volume=worker.config.name,
            days=f"{known.retention_days:.1f}" if known and known.retention_days else "",
            wanted=f"{known.retention_short:g}" if known and known.retention_short else "",
        )

    def _paused_event(self, worker: VolumeWorker) -> None:
        fault = self._expiry_faults.get(worker.config.id)
        self._desk.set(
            "expiry_paused",
            worker.config.id,
            fault is not None,
            volume=worker.config.name,
            reason=fault.text if fault else "",
        )

    def _late_event(self) -> None:
        """Tell that more than promised would be lost now, unless a slow disk explains it."""
        now = time.monotonic()
        late_s = self._group.exposure.take_late()
        if late_s:
            self._late_at = now
        slow = any(self._desk.is_open("disk_slow", w.config.id) for w in self._group.volumes)
        self._desk.set(
            "recording_late",
            f"recorder@{self._group.group}",
            now - self._late_at < SLOW_LASTS_S and not slow,
            seconds=f"{late_s:.1f}" if late_s else "",
        )

    def statuses(self) -> list[VolumeStatus]:
        """Describe all volumes."""
        statuses = [self._status(worker) for worker in self._group.volumes]
        for config, fault in self._group.volumes.refused.items():
            told = self._clock.fault(("volume", config.id), fault)
            statuses.append(
                VolumeStatus(name=config.name, path=config.path, state="refused", fault=told)
            )
        return statuses

    def _status(self, worker: VolumeWorker) -> VolumeStatus:
        fault = worker.current_fault()
        state = "ok"
        if fault:
            event = EVENT_OF_FAULT.get(fault.code, "")
            state = STATE_OF_EVENT.get(event, "opening" if not event else "missing")
        status = VolumeStatus(
            name=worker.config.name,
            path=worker.config.path,
            state=state,  # type: ignore[typeddict-item]
            fault=self._clock.fault(("volume", worker.config.id), fault),
            write_ms=round(worker.last_commit_s * 1000, 1),
        )
        status["expiry_paused"] = self._clock.fault(
            ("expiry", worker.config.id), self._expiry_faults.get(worker.config.id)
        )
        known = self._usage.get(worker.config.id)
        if known:
            status["size"] = known.size
            status["used"] = known.used
            status["free"] = known.free
            status["oldest"] = known.oldest_ms
            status["retention_days"] = known.retention_days
            status["wanted_days"] = known.wanted_days
            status["blocks"] = known.blocks
            status["locked_blocks"] = known.locked_blocks
        return status
