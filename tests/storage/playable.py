"""Footage that players can play: a moving picture, cut into fragments of one second."""

from functools import cache

import av
import numpy as np
from made_fragments import MAIN, T0, S

from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.media.types import Codec, VideoFormat
from appliance.storage.model import NewFragment, RecordKind

FPS = 10
TICKS = 90_000 // FPS


@cache
def encoded(width, height):
    """One second of H.264 as (parameter sets, samples with 4-byte lengths)."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate = FPS
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(FPS)}
    packets = []
    for n in range(FPS):
        picture = np.full((height * 3 // 2, width), 16 + 20 * n, np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = n
        packets += [bytes(p) for p in encoder.encode(frame)]
    packets += [bytes(p) for p in encoder.encode(None)]
    sets, samples = [], []
    for packet in packets:
        nals = [n for n in packet.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if n]
        for nal in nals:
            if nal[0] & 31 in (7, 8) and nal not in sets:
                sets.append(nal)
        coded = [n for n in nals if n[0] & 31 in (1, 5)]
        samples.append(b"".join(len(n).to_bytes(4, "big") + n for n in coded))
    return tuple(sets), samples


def playable_fragment(second, stream=MAIN, *, width=320, height=180, run=7, run_start=0):
    """One second of the run; its `tfdt` counts from the start of the run."""
    sets, samples = encoded(width, height)
    video = VideoFormat(Codec.H264, width, height, "avc1.42c00d", sets, float(FPS), 0)
    made = TrackRun(
        1,
        (second - run_start) * 90_000,
        [TICKS] * FPS,
        [len(s) for s in samples],
        [n == 0 for n in range(FPS)],
        [],
        list(samples),
    )
    return NewFragment(
        stream=stream,
        run=run,
        kinds=RecordKind.GENERAL,
        utc_ns=T0 + second * S,
        mono_ns=second * S,
        rtp_time=second * 90_000 & 0xFFFF_FFFF,
        duration_ns=S,
        starts_with_key=True,
        has_key=True,
        head=init_segment([Track(1, video)]),
        body=fragment(second + 1, [made]),
    )


def played(path):
    """How many pictures a player shows, and the decoding times it saw."""
    with av.open(str(path)) as container:
        times, pictures = [], 0
        for packet in container.demux(video=0):
            if packet.size:
                times.append(packet.dts)
            pictures += len(packet.decode())
    return pictures, times
