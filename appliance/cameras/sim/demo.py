"""The four cameras a newcomer sees."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from appliance.cameras.sim.specs import AudioSpec, CameraSpec, StreamSpec, VideoSpec

_SUB = VideoSpec(
    width=640, height=360, fps=Fraction(15), gop=30, bitrate_bps=450_000, preset="superfast"
)


def demo_cameras(first_port: int = 0) -> list[CameraSpec]:
    """Return the demo set; with a `first_port` the cameras take it and the ports above it."""
    password = "picture-this"  # noqa: S105 - a simulated camera on loopback
    cameras = [
        CameraSpec(
            name="front-door",
            title="Front door",
            scene="door",
            main=StreamSpec(
                VideoSpec("h264", 1920, 1080, Fraction(25), 50, 0, 4_000_000, preset="superfast"),
                AudioSpec("aac", 16_000, 1, 48_000),
            ),
            sub=StreamSpec(_SUB),
            loop_s=8,
            password=password,
            auth=("digest-sha256", "digest-md5"),
        ),
        CameraSpec(
            name="car-park",
            title="Car park",
            scene="carpark",
            main=StreamSpec(
                VideoSpec("h265", 1920, 1080, Fraction(25), 50, 0, 3_000_000),
                AudioSpec("pcma", 8_000),
            ),
            sub=StreamSpec(_SUB),
            loop_s=8,
            password=password,
        ),
        CameraSpec(
            name="warehouse",
            title="Warehouse",
            scene="warehouse",
            main=StreamSpec(VideoSpec("h265", 3840, 2160, Fraction(15), 30, 0, 8_000_000)),
            sub=StreamSpec(_SUB),
            loop_s=6,
            password=password,
        ),
        CameraSpec(
            name="reception",
            title="Reception",
            scene="reception",
            main=StreamSpec(VideoSpec("h264", 1280, 720, Fraction(15), 150, 2, 2_000_000)),
            sub=StreamSpec(replace(_SUB, preset="ultrafast")),
            loop_s=12,
            live=True,
            noise=2,
            password=password,
            auth=("basic", "digest-md5"),
        ),
    ]
    if not first_port:
        return cameras
    return [replace(camera, port=first_port + i) for i, camera in enumerate(cameras)]
