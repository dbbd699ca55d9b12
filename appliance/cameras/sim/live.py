"""Encoding while it is watched, with the camera's UTC in the picture."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from appliance.cameras.sim.encode import VideoEncoder, frame_ticks, with_parameter_sets
from appliance.cameras.sim.scenes.catalogue import make_scene
from appliance.cameras.sim.specs import CameraSpec, VideoSpec

if TYPE_CHECKING:
    from appliance.cameras.sim.clock import CameraClock
    from appliance.cameras.sim.loops import Unit
    from appliance.cameras.sim.stream import Stream

VIDEO_CLOCK = 90_000


class LiveSource:
    """Draws and encodes the pictures of one stream in a thread, at the camera's own pace."""

    def __init__(
        self, spec: CameraSpec, video: VideoSpec, clock: CameraClock, stream: Stream
    ) -> None:
        self._spec, self._video, self._clock, self._stream = spec, video, clock, stream
        self._loop = asyncio.get_running_loop()
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"live-{spec.name}-{stream.name}", daemon=True
        )
        self.late = 0

    def start(self) -> None:
        """Begin; the first picture is a key frame."""
        self._thread.start()

    def stop(self) -> None:
        """End within a frame; does not wait."""
        self._ended.set()

    def _run(self) -> None:
        video, clock = self._video, self._clock
        scene = make_scene(self._spec.scene, video.width, video.height, noise=self._spec.noise)
        encoder = VideoEncoder(video, threads=1)
        sets = self._stream.tracks[0].parameter_sets
        number = int(clock.now() * video.fps) + 1
        while not self._ended.is_set():
            ticks = frame_ticks(number, video.fps)
            wait = ticks / VIDEO_CLOCK - clock.now()
            if wait > 0:
                self._ended.wait(wait)
            elif wait < -0.5:
                self.late += 1
                number = int(clock.now() * video.fps) + 1
                continue
            utc_ns = clock.utc_ns(ticks, VIDEO_CLOCK)
            stamp = datetime.fromtimestamp(utc_ns // 1_000_000 / 1000, UTC)
            seconds = ticks / VIDEO_CLOCK
            of_day = utc_ns / 1e9 % 86_400
            picture = scene.frame(
                number,
                seconds / self._spec.loop_s % 1.0,
                of_day,
                [
                    self._spec.title,
                    f"{stamp:%Y-%m-%d %H:%M:%S}.{stamp.microsecond // 1000:03d} UTC",
                ],
                [f"{video.codec.upper()} {video.width}x{video.height} live", f"frame {number:06d}"],
            )
            for unit in encoder.push(picture.array, ticks):
                if unit.key:
                    unit.parts = with_parameter_sets(video.codec, unit.parts, sets)
                self._hand_over(unit)
            number += 1

    def _hand_over(self, unit: Unit) -> None:
        try:
            self._loop.call_soon_threadsafe(self._deliver, unit)
        except RuntimeError:
            self._ended.set()

    def _deliver(self, unit: Unit) -> None:
        if not self._ended.is_set():
            self._stream.emit(0, unit, unit.pts)
