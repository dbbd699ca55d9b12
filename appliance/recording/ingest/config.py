"""What to pull and how: one stream of one camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

TransportName = Literal["tcp", "udp", "multicast", "tls", "http"]
"""How packets travel (N3.14, T7.3): inside the RTSP connection, beside it, inside TLS or HTTP."""

EngineName = Literal["auto", "native", "libav"]


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One stream; equal configurations need no reconnection.

    `url` is rtsp://, rtsps://, http:// or https://; credentials in it are used where `username`
    and `password` are empty.  `transport` "tls" runs RTSP inside TLS also for rtsp:// addresses.
    `allow_basic` lets the password go as Basic, readable on the wire unless inside TLS (N13.1,
    T10.5); inside TLS it is always allowed.  `tls_fingerprint` is the SHA-256 of the camera's
    certificate in hex, "" to accept and report the first one seen.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    transport: TransportName = "tcp"
    allow_basic: bool = False
    engine: EngineName = "auto"
    want_audio: bool = True
    tls_fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is waited, in seconds, and what is absurd; tests shorten the waits."""

    connect_s: float = 5.0
    answer_s: float = 8.0
    first_packet_s: float = 10.0
    silence_s: float = 5.0
    """No packet at all for so long ends the session."""

    first_key_frame_s: float = 60.0
    teardown_s: float = 1.0
    keep_alive_least_s: float = 1.0
    tick_s: float = 1.0
    settle_s: float = 8.0
    """So long every packet is read at once: the clock of a stream begins by when frames arrive."""

    backoff_first_s: float = 0.5
    backoff_longest_s: float = 30.0
    knock_s: float = 2.0
    """A camera that took no connection is looked for this often during a longer wait, so that it
    is recorded within 5 s after it is back from a reboot."""

    healthy_s: float = 10.0
    """So much playing forgets earlier faults: the next wait is `backoff_first_s` again."""

    bitrate_bps: int = 200_000_000
    """More than this over `bitrate_over_s` is no camera stream."""

    bitrate_over_s: float = 5.0
    side_pixels: int = 16_384
    area_pixels: int = 100_000_000
    redirects: int = 3
