"""The child: reads what to test from standard input, writes what it found to standard output.

Started as ``python -m appliance.web.probing.child``.  The password comes by the pipe, so that it
is neither an argument nor in the environment.  It owns nothing and is limited in memory and time:
what a hostile camera makes of it ends with it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import sys
from typing import Any

import av
import av.error
import av.logging

from appliance.media.types import TrackFormat, VideoFormat
from appliance.recording.ingest.config import SourceConfig
from appliance.recording.ingest.probe import ProbeResult, probe
from appliance.web.probing.picture import jpeg_of

MEMORY_BYTES = 2 << 30
CPU_S = 30
MAX_WIDTH = 960


def main() -> int:
    """Test one source; always writes one JSON object."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(5)
    av.logging.set_level(av.logging.PANIC)
    wish = json.load(sys.stdin.buffer)
    config = SourceConfig(**wish["config"])
    result = asyncio.run(probe(config, wish["timeout_s"]))
    json.dump(_answer(result), sys.stdout)
    sys.stdout.flush()
    return 0


def _answer(result: ProbeResult) -> dict[str, Any]:
    formats = [_format(track) for track in result.formats]
    if result.fault is not None:
        fault = {"code": result.fault.code, "text": result.fault.text}
        return {
            "ok": False,
            "picture": None,
            "formats": formats,
            "fault": fault,
            "bitrate_bps": None,
        }
    return {
        "ok": True,
        "picture": _picture(result),
        "formats": formats,
        "fault": None,
        "bitrate_bps": result.bitrate_bps,
    }


def _picture(result: ProbeResult) -> str | None:
    if result.key_frame is None:
        return None
    try:
        jpeg = jpeg_of(result.key_frame, max_width=MAX_WIDTH)
    except (av.error.FFmpegError, ValueError, MemoryError):
        return None
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _format(track: TrackFormat) -> dict[str, Any]:
    if isinstance(track, VideoFormat):
        return {
            "kind": "video",
            "codec": track.codec.value,
            "codec_string": track.codec_string,
            "width": track.width,
            "height": track.height,
            "fps": track.frame_rate,
            "profile": track.profile,
        }
    return {
        "kind": "audio",
        "codec": track.codec.value,
        "codec_string": track.codec_string,
        "sample_rate": track.sample_rate,
        "channels": track.channels,
    }


if __name__ == "__main__":
    sys.exit(main())
