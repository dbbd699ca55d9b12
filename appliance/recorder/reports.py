"""What a recorder tells the others about its channels, each second."""

from __future__ import annotations

import time

from appliance.bus.messages import ChannelStatus, Fault, StreamStatus
from appliance.media.timing.stamp import ClockSource
from appliance.recording.channel import ChannelRecorder
from appliance.recording.config import kind_names
from appliance.recording.decision import RecordMode
from appliance.recording.ingest.state import Fault as IngestFault
from appliance.recording.ingest.state import Phase
from appliance.recording.pipeline import StreamPipeline
from appliance.storage.errors import VolumeFault
from appliance.storage.model import RecordKind, StreamName
from appliance.text import _

MS = 1_000_000


class FaultClock:
    """Remembers since when each fault lasts, so that a report can say "since 14:03"."""

    def __init__(self) -> None:
        self._since: dict[object, tuple[str, int]] = {}

    def fault(self, key: object, fault: IngestFault | VolumeFault | None) -> Fault | None:
        """Return `fault` with the instant it began; None ends it."""
        if fault is None:
            self._since.pop(key, None)
            return None
        code, since = self._since.get(key, ("", 0))
        if code != fault.code:
            since = time.time_ns() // MS
            self._since[key] = (fault.code, since)
        return Fault(code=fault.code, text=fault.text, since=since)


def channel_status(
    recorder: ChannelRecorder, clock: FaultClock, storage_fault: VolumeFault | None
) -> ChannelStatus:
    """Describe one channel; `storage_fault` says why nothing can be stored, if so."""
    config = recorder.config
    streams = {
        name.value: stream_status(recorder, name, pipeline, clock)
        for name in StreamName
        if (pipeline := recorder.pipeline(name)) is not None
    }
    lead = streams.get(StreamName.MAIN.value) or next(iter(streams.values()), None)
    recording = any(stream.get("recording") for stream in streams.values())
    status = ChannelStatus(
        id=config.id,
        name=config.name,
        enabled=config.enabled,
        mode=config.mode.value,
        state=lead["state"] if lead and config.enabled else "off",
        fault=lead.get("fault") if lead else None,
        recording=recording,
        not_recording=None,
        kinds=kind_names(recorder.kinds.effective()),
        armed=kind_names(recorder.armed),
        last_frame_utc=lead.get("last_frame_utc") if lead else None,
        streams=streams,
    )
    wants = config.enabled and config.mode is not RecordMode.OFF
    reason = None if recording or not wants else _why_not(recorder, status, storage_fault)
    status["not_recording"] = clock.fault(("recording", config.id), reason)
    return status


def _why_not(
    recorder: ChannelRecorder, status: ChannelStatus, storage_fault: VolumeFault | None
) -> VolumeFault | None:
    """Say why nothing is recorded (D2-FQ-05); None where nothing is meant to be now."""
    if recorder.kinds is RecordKind.NONE:
        return None
    if status["state"] != "playing":
        return VolumeFault("no_video", _("Not recorded: the camera sends no picture."))
    if storage_fault:
        return storage_fault
    if all(pipeline.shed for pipeline in recorder):
        return VolumeFault(
            "overload",
            _("Not recorded: disk or processor is too slow for all channels at once."),
        )
    return VolumeFault("starting", _("Recording begins with the next key frame."))


def stream_status(
    recorder: ChannelRecorder, name: StreamName, pipeline: StreamPipeline, clock: FaultClock
) -> StreamStatus:
    """Describe one stream."""
    ingest = recorder.ingest(name)
    if ingest is None:
        return StreamStatus(state="off")
    figures = ingest.statistics
    state = pipeline.state
    video, audio = figures.video, figures.audio
    status = StreamStatus(
        state=state.phase.value if state else Phase.CONNECTING.value,
        fault=clock.fault(pipeline.stream, state.fault if state else None),
        packets=figures.packets,
        lost_packets=figures.lost_packets,
        damaged_frames=figures.damaged_units,
        early_frames=figures.early_units,
        dropped_frames=figures.dropped_units
        + pipeline.units_shed
        + pipeline.fragmenter.units_given_up,
        reconnects=figures.reconnects,
        received_bytes=figures.bytes,
        bitrate_bps=round(figures.bitrate_bps),
        fps=round(figures.fps, 1),
        gop_s=round(figures.gop_s, 2),
        last_frame_utc=pipeline.last_utc_ns // MS or None,
        last_error=figures.last_fault.text if figures.last_fault else "",
        recording=pipeline.recording,
        audio=None,
    )
    advice = pipeline.gops.advice(name.value, pipeline.last_utc_ns)
    status["advice"] = clock.fault(("gop", pipeline.stream), advice)
    if figures.clock_source:
        status["clock"] = ClockSource(figures.clock_source).value
        offset_ms = figures.clock_offset_ms
        status["clock_offset_ms"] = None if offset_ms is None else round(offset_ms, 1)
    if state and state.retry_in_s is not None:
        status["retry_s"] = state.retry_in_s
    if video:
        status["codec"] = video.codec.value
        status["codec_string"] = video.codec_string
        status["profile"] = video.profile
        status["width"] = video.width
        status["height"] = video.height
    if audio:
        status["audio"] = {
            "codec": audio.codec.value,
            "sample_rate": audio.sample_rate,
            "channels": audio.channels,
        }
    return status
