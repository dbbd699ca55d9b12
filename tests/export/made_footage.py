"""Real coded footage on real volumes, written as a recorder does."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from appliance.media.types import AccessUnit, AudioFormat, Codec, VideoFormat
from appliance.recording.fragmenter import Fragmenter
from appliance.storage.model import RecordKind, StreamId, StreamName

NS = 1_000_000_000
FPS = 10
FRAME = 90_000 // FPS
T0 = 1_790_000_000 * NS
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)


def _storage_helpers():
    """The box of the storage tests: device key, ledger, volumes, writers."""
    folder = Path(__file__).parents[1] / "storage"
    if "made_fragments" not in sys.modules:
        place = importlib.util.spec_from_file_location(
            "made_fragments", folder / "made_fragments.py"
        )
        module = importlib.util.module_from_spec(place)
        sys.modules["made_fragments"] = module
        place.loader.exec_module(module)
    return sys.modules["made_fragments"]


Box = _storage_helpers().Box


@dataclass
class Coded:
    """Frames of a closed GOP, endlessly repeatable: (data, pts offset in frames, key)."""

    format: VideoFormat
    frames: list[tuple[bytes, int, bool]]


@cache
def video(codec="h264", frames=20, width=160, height=96, b_frames=0, noise=False):
    """One closed GOP whose picture n has the brightness 16 + 8 * n."""
    hevc = codec == "h265"
    coder = av.CodecContext.create("libx265" if hevc else "libx264", "w")
    coder.width, coder.height, coder.pix_fmt = width, height, "yuv420p"
    coder.time_base, coder.framerate = Fraction(1, FPS), Fraction(FPS)
    coder.gop_size = frames
    coder.thread_count = 1
    options = f"bframes={b_frames}:b-adapt=0:scenecut=0:keyint={frames}:repeat-headers=1"
    options += ":open-gop=0"
    if hevc:
        options += ":log-level=error:pools=1:frame-threads=1"
    coder.options = {"preset": "ultrafast", ("x265-params" if hevc else "x264-params"): options}
    packets = []
    noisy = np.random.default_rng(1)
    for number in range(frames):
        luma = np.full((height * 3 // 2, width), 128, np.uint8)
        luma[:height] = 16 + 8 * (number % 25)
        if noise:
            luma[:height] = noisy.integers(16, 235, (height, width))
        frame = av.VideoFrame.from_ndarray(luma, format="yuv420p")
        frame.pts = number
        packets += coder.encode(frame)
    packets += coder.encode(None)
    sets, coded = [], []
    set_types, skipped = ((32, 33, 34), (35, 39, 40)) if hevc else ((7, 8), (6, 9))
    for at, packet in enumerate(packets):
        kept = []
        for part in bytes(packet).split(b"\0\0\1"):
            nal = part.rstrip(b"\0")
            if not nal:
                continue
            kind = nal[0] >> 1 & 63 if hevc else nal[0] & 31
            if kind in set_types:
                sets += [nal] if nal not in sets else []
            elif kind not in skipped:
                kept.append(len(nal).to_bytes(4, "big") + nal)
        depth = 2 if b_frames else 0
        coded.append((b"".join(kept), packet.pts - at + depth, bool(packet.is_keyframe)))
    name = "hvc1.1.6.L30.B0" if hevc else f"avc1.{sets[0][1:4].hex()}"
    kind = Codec.H265 if hevc else Codec.H264
    return Coded(VideoFormat(kind, width, height, name, tuple(sets)), coded)


MULAW = AudioFormat(Codec.PCMU, 8000, 1, bits_per_sample=8, codec_string="ulaw")


@cache
def aac():
    """A second of a tone in AAC: (format, frames of 1024 samples at 16 kHz)."""
    coder = av.CodecContext.create("aac", "w")
    coder.sample_rate, coder.layout, coder.format = 16_000, "mono", "fltp"
    packets = []
    for number in range(16):
        wave = np.sin(np.arange(number * 1024, number * 1024 + 1024) / 8, dtype=np.float32)[None]
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16_000, number * 1024
        packets += coder.encode(frame)
    form = AudioFormat(Codec.AAC, 16_000, 1, coder.extradata, codec_string="mp4a.40.2")
    return form, [bytes(packet) for packet in packets][:16]


@dataclass
class Camera:
    """Feeds a fragmenter and a writer; a run goes on from call to call."""

    writer: object
    stream: StreamId = MAIN
    coded: Coded = field(default_factory=video)
    audio: str = ""
    run: int = 1
    number: int = 0
    sound: int = 0
    cutter: Fragmenter | None = None

    def record(self, start_ns, seconds, *, kinds=RecordKind.GENERAL, phase=0):
        """Record from an instant on; fragments are cut each second, `phase` frames later."""
        if self.cutter is None:
            self.cutter = Fragmenter(self.stream)
            if self.audio:
                self.cutter.expect_audio = MULAW if self.audio == "mulaw" else aac()[0]
        for n in range(round(seconds * FPS)):
            at = start_ns + n * NS // FPS
            data, offset, key = self.coded.frames[self.number % len(self.coded.frames)]
            dts = self.number * FRAME
            unit = self._unit(self.coded.format, dts, offset * FRAME, FRAME, at, key, data)
            self.cutter.add(unit, kinds)
            self._sound(at, kinds)
            self.number += 1
            if n % FPS == (phase - 1) % FPS:
                self._commit()
        self._commit()

    def again(self, *, run, coded=None):
        """The camera comes back: a new run, perhaps with another coding."""
        self.run, self.number, self.sound = run, 0, 0
        self.coded = coded or self.coded

    def _unit(self, form, dts, offset, duration, at, key, data):
        return AccessUnit(form, self.run, dts + offset, dts, duration, at, at - T0, 0, key, False,
                          data)  # fmt: skip

    def _sound(self, at, kinds):
        until = (self.number + 1) / FPS
        if self.audio == "mulaw":
            self.cutter.add(self._unit(MULAW, self.number * 800, 0, 800, at, True, b"\xff" * 800),
                            kinds)  # fmt: skip
        elif self.audio == "aac":
            form, frames = aac()
            while (self.sound + 1) * 1024 <= until * 16_000:
                data = frames[self.sound % len(frames)]
                self.cutter.add(self._unit(form, self.sound * 1024, 0, 1024, at, True, data), kinds)
                self.sound += 1

    def _commit(self):
        made = self.cutter.take()
        if not made:
            return  # an idle tick would already turn the headers of the last fragments
        report = self.writer.commit(made)
        assert report.stored == len(made), report
