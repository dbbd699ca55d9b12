"""Any number of simulated cameras in one event loop."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from appliance.cameras.sim.cache import LoopCache, default_cache
from appliance.cameras.sim.camera import Camera
from appliance.cameras.sim.certificate import server_context
from appliance.cameras.sim.errors import AbandonedError, UnknownNameError
from appliance.cameras.sim.loops import Track
from appliance.cameras.sim.specs import CameraSpec

_ENCODERS = 2
"""Loops encoded at the same time."""

Progress = Callable[[float, str], None]


def _give_back_memory() -> None:
    """Return what the encoders freed to the system (glibc keeps hundreds of MB otherwise)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _silent(share: float, text: str) -> None:
    del share, text


class Simulator:
    """Starts cameras and stops them; usable as `async with Simulator([...]) as simulator`.

    Every camera listens on a port of its own (a free one unless its definition names one).
    """

    def __init__(
        self,
        cameras: Sequence[CameraSpec],
        *,
        cache: Path | LoopCache | None = None,
        host: str = "127.0.0.1",
        progress: Progress = _silent,
    ) -> None:
        self._specs = [spec.settled() for spec in cameras]
        self._cache = cache if isinstance(cache, LoopCache) else LoopCache(cache or default_cache())
        self._host = host
        self._progress = progress
        self._tls: ssl.SSLContext | None = None
        self._abandoned = threading.Event()
        self.cameras: dict[str, Camera] = {}

    async def start(self) -> None:
        """Encode what is not cached (in a thread), then listen."""
        weights = [
            (spec, name, stream.video.width * stream.video.height * float(stream.video.fps))
            for spec in self._specs
            for name, stream in spec.streams.items()
        ]
        weights.sort(key=lambda item: -item[2])
        total = sum(weight for _, _, weight in weights) or 1.0
        shares = dict.fromkeys(range(len(weights)), 0.0)
        tracks: dict[str, dict[str, list[Track]]] = {
            spec.name: {name: [] for name in spec.streams} for spec in self._specs
        }
        loop = asyncio.get_running_loop()
        room = asyncio.Semaphore(_ENCODERS)

        def tell(number: int, text: str, share: float) -> None:
            if self._abandoned.is_set():
                raise AbandonedError
            shares[number] = share * weights[number][2] / total
            loop.call_soon_threadsafe(self._progress, sum(shares.values()), text)

        async def prepare(number: int, spec: CameraSpec, name: str) -> None:
            report = partial(tell, number, f"{spec.title} ({name})")
            async with room:
                tracks[spec.name][name] = await asyncio.to_thread(
                    self._cache.tracks, spec, spec.streams[name], report
                )
            report(1.0)

        async with asyncio.TaskGroup() as group:
            for number, (spec, name, _) in enumerate(weights):
                group.create_task(prepare(number, spec, name))
        await asyncio.to_thread(_give_back_memory)
        if any(spec.tls for spec in self._specs):
            self._tls = await asyncio.to_thread(server_context, self._host)
        try:
            for number, spec in enumerate(self._specs):
                camera = Camera(
                    spec, self._cache, tracks[spec.name], host=self._host,
                    lead_s=1.0 + 0.037 * number, tls=self._tls if spec.tls else None,
                )  # fmt: skip
                await camera.start()
                self.cameras[spec.name] = camera
        except BaseException:
            await self.stop()
            raise

    def abandon(self) -> None:
        """Give up encoding: what runs in threads ends at its next frame."""
        self._abandoned.set()

    async def stop(self) -> None:
        """Cut all connections and close all ports."""
        for camera in self.cameras.values():
            await camera.stop()
        self.cameras.clear()

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    def camera(self, name: str) -> Camera:
        """Return a camera; raises UnknownNameError."""
        try:
            return self.cameras[name]
        except KeyError:
            raise UnknownNameError(
                f"There is no camera {name}; there are: {', '.join(self.cameras)}."
            ) from None

    def url(self, name: str, stream: str = "main", *, credentials: bool = True) -> str:
        """Return the RTSP address of a camera's stream."""
        return self.camera(name).url(stream, credentials=credentials)
