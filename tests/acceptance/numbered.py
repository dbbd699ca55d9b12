"""Footage whose pictures tell their own number, put on a volume before its box starts."""

import math
from fractions import Fraction

import av
import numpy as np

from appliance.media.codec.formats import video_format_from_parameter_sets
from appliance.media.codec.nal import split_annexb
from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.media.types import AudioFormat, Codec
from appliance.storage.ledger import Ledger
from appliance.storage.model import NewFragment, RecordKind, StreamId, StreamName
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume
from appliance.storage.writer import VolumeWriter

FPS = 10
GOP = 20
BITS = 10
WIDTH, HEIGHT = 160, 96
TICKS = 90_000 // FPS
NS = 1_000_000_000
RATE = 16_000
SOUND = AudioFormat(Codec.AAC, RATE, 1, bytes.fromhex("1408"), codec_string="mp4a.40.2")

NUMBER = f"""const number = (e) => {{
  const paper = ink({WIDTH}, {HEIGHT});
  paper.drawImage(e, 0, 0, {WIDTH}, {HEIGHT});
  const dots = paper.getImageData(0, 0, {WIDTH}, {HEIGHT}).data;
  return [...Array({BITS}).keys()].reduce((sum, bit) => {{
    const [x, y] = [16 + 32 * (bit % 5), 24 + 48 * Math.floor(bit / 5)];
    return sum + (dots[4 * (y * {WIDTH} + x)] > 128 ? 1 << bit : 0);
  }}, 0);
}};"""
"""For a page: the number that a picture element shows."""


def _picture(number):
    luma = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    for bit in range(BITS):
        row, column = divmod(bit, 5)
        value = 235 if number >> bit & 1 else 16
        luma[48 * row : 48 * row + 48, 32 * column : 32 * column + 32] = value
    return av.VideoFrame.from_ndarray(luma, format="yuv420p")


class Film:
    """Pictures 0 to 1023 at 10 a second, a key frame every 2 s, coded once."""

    def __init__(self, codec=Codec.H264):
        hevc = codec is Codec.H265
        coder = av.CodecContext.create("libx265" if hevc else "libx264", "w")
        coder.width, coder.height, coder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        coder.time_base, coder.framerate = Fraction(1, FPS), Fraction(FPS)
        coder.gop_size, coder.thread_count = GOP, 1
        common = f"bframes=0:scenecut=0:keyint={GOP}:min-keyint={GOP}:repeat-headers=1"
        quiet = ":log-level=error:pools=1:frame-threads=1"
        coder.options = {
            "preset": "ultrafast",
            ("x265-params" if hevc else "x264-params"): common + (quiet if hevc else ""),
        }
        packets = []
        for number in range(1 << BITS):
            frame = _picture(number)
            frame.pts = number
            packets += coder.encode(frame)
        packets += coder.encode(None)
        sets = []
        self.frames = []
        set_types, passed_over = ((32, 33, 34), (35, 39, 40)) if hevc else ((7, 8), (6, 9))
        for packet in packets:
            kept = []
            for nal in split_annexb(bytes(packet)):
                kind = nal[0] >> 1 & 63 if hevc else nal[0] & 31
                if kind in set_types:
                    sets += [nal] if nal not in sets else []
                elif kind not in passed_over:
                    kept.append(len(nal).to_bytes(4, "big") + nal)
            self.frames.append(b"".join(kept))
        self.format = video_format_from_parameter_sets(codec, sets)


def _tune():
    """Return coded sound, packets of 1024 samples."""
    coder = av.CodecContext.create("aac", "w")
    coder.sample_rate, coder.layout, coder.format = RATE, "mono", "fltp"
    packets = []
    for number in range(64):
        wave = np.sin(2 * math.pi * 440 * np.arange(number * 1024, number * 1024 + 1024) / RATE)
        frame = av.AudioFrame.from_ndarray(
            (0.3 * wave).astype(np.float32)[None], format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = RATE, number * 1024
        packets += [bytes(packet) for packet in coder.encode(frame)]
    return packets


class Shelf:
    """The volume of a box that has not been started yet."""

    def __init__(self, paths):
        key = DeviceKey.load(paths.state / "device.key")
        path = paths.volumes / "volume-1"
        Volume.create(path, capacity_bytes=2 << 30, name="volume-1", device_key=key)
        ledger = Ledger(paths.state / "ledger.jsonl")
        self._volume = Volume.open(path, device_key=key, ledger=ledger)
        self._writer = VolumeWriter(self._volume, "before", background=False)
        self._tune = _tune()

    def store(self, film, channel, start_ns, seconds, *, first=0, run=1, stream="main"):
        """Store pictures `first` on, captured from an instant on; the main stream has sound."""
        sound = stream == "main"
        tracks = [Track(1, film.format)] + ([Track(2, SOUND)] if sound else [])
        head = init_segment(tracks)
        batch = []
        for second in range(seconds):
            numbers = [(first + second * FPS + n) % (1 << BITS) for n in range(FPS)]
            frames = [film.frames[number] for number in numbers]
            keys = [number % GOP == 0 for number in numbers]
            runs = [
                TrackRun(1, second * 90_000, [TICKS] * FPS, [len(f) for f in frames], keys,
                         data=frames),
            ]  # fmt: skip
            if sound:
                begin, end = second * RATE // 1024, (second + 1) * RATE // 1024
                packets = [self._tune[n % len(self._tune)] for n in range(begin, end)]
                sizes = [len(packet) for packet in packets]
                runs.append(TrackRun(2, begin * 1024, [1024] * len(packets), sizes, data=packets))
            batch.append(
                NewFragment(
                    stream=StreamId(channel, StreamName(stream)), run=run,
                    kinds=RecordKind.GENERAL, utc_ns=start_ns + second * NS,
                    mono_ns=second * NS, rtp_time=second * 90_000, duration_ns=NS,
                    starts_with_key=keys[0], has_key=any(keys), head=head,
                    body=fragment(second + 1, runs),
                )
            )  # fmt: skip
        report = self._writer.commit(batch)
        assert report.stored == len(batch), report

    def close(self):
        """Give the volume to its box."""
        self._writer.close()
        self._volume.close()
