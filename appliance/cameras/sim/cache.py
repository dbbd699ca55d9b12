"""Loops by their definition: taken from the cache folder, or made and put there."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.cameras.sim.datatracks import data_tracks
from appliance.cameras.sim.encode import encode_audio, encode_video, live_track
from appliance.cameras.sim.footage import load_footage
from appliance.cameras.sim.loops import Track, load_tracks, save_tracks
from appliance.cameras.sim.scenes.catalogue import make_scene
from appliance.cameras.sim.specs import CameraSpec, StreamSpec, VideoSpec

_VERSION = 3
"""Rises whenever the same definition would be drawn or coded differently."""


def default_cache() -> Path:
    """Return the folder for loops where none is given."""
    return Path.home() / ".cache" / "nvr-sim"


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str, separators=(",", ":"))


class LoopCache:
    """Makes each loop once; also keeps those in use in memory, shared by all cameras."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tracks: dict[str, list[Track]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def _get(self, definition: dict[str, Any], make: Callable[[], list[Track]]) -> list[Track]:
        key = hashlib.sha256(_plain({"version": _VERSION} | definition).encode()).hexdigest()[:24]
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._tracks:
                path = self.folder / f"{key}.loop"
                tracks = load_tracks(path)
                if tracks is None:
                    tracks = make()
                    save_tracks(path, tracks)
                self._tracks[key] = tracks
            return self._tracks[key]

    def tracks(
        self,
        camera: CameraSpec,
        stream: StreamSpec,
        progress: Callable[[float], None] = lambda share: None,
    ) -> list[Track]:
        """Return the coded tracks of a stream: pictures first.  Blocking: seconds if not cached."""
        if stream.file is not None:
            file = stream.file
            stat = file.stat()
            return self._get(
                {"file": str(file.resolve()), "size": stat.st_size, "changed": stat.st_mtime_ns},
                lambda: load_footage(file),
            )
        if camera.live:
            video = stream.video
            out = list(self._get({"live": asdict(video)}, lambda: [live_track(video)]))
        else:
            out = list(self.video(camera, stream.video, progress))
        if stream.audio is not None:
            audio = stream.audio
            seconds = max(2.0, float(camera.loop_s))
            out += self._get(
                {"audio": asdict(audio), "seconds": seconds},
                lambda: [encode_audio(audio, seconds)],
            )
        return out + data_tracks(camera.quirks)

    def video(
        self, camera: CameraSpec, video: VideoSpec, progress: Callable[[float], None]
    ) -> list[Track]:
        """Return the looped picture track of a camera at the size and coding of `video`."""
        definition = {
            "video": asdict(video), "scene": camera.scene, "title": camera.title,
            "loop": camera.loop_s, "noise": camera.noise,
        }  # fmt: skip

        def make() -> list[Track]:
            scene = make_scene(camera.scene, video.width, video.height, noise=camera.noise)
            frames = max(1, round(camera.loop_s * video.fps))

            def captions(number: int, seconds: float) -> tuple[list[str], list[str]]:
                return (
                    [camera.title, f"{camera.loop_s} s loop  {seconds:06.3f}"],
                    [f"{video.codec.upper()} {video.width}x{video.height}", f"frame {number:04d}"],
                )

            return [encode_video(video, scene, frames, captions, progress)]

        return self._get(definition, make)
