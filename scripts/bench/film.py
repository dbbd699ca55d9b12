"""Real pictures for footage that is made rather than recorded: a simulated camera's loop."""

from __future__ import annotations

from fractions import Fraction

from appliance.cameras.sim.cache import LoopCache
from appliance.cameras.sim.nal import is_parameter_set
from appliance.cameras.sim.specs import CameraSpec, StreamSpec, VideoSpec
from appliance.media.codec.formats import video_format_from_parameter_sets
from appliance.media.types import Codec
from scripts.bench.cameras import CACHE


class Film:
    """A loop of H.264 pictures as a sub stream has them; each second holds `fps` of them."""

    def __init__(
        self, *, width: int, height: int, fps: int, gop: int, bits_per_s: int, loop_s: int = 4
    ) -> None:
        spec = VideoSpec(
            width=width, height=height, fps=Fraction(fps), gop=gop, bitrate_bps=bits_per_s
        )
        camera = CameraSpec(name="film", main=StreamSpec(spec), loop_s=loop_s)
        track = LoopCache(CACHE).video(camera, spec, lambda share: None)[0]
        self.fps = fps
        self.gop = gop
        self.video = video_format_from_parameter_sets(Codec.H264, track.parameter_sets)
        self._frames = [
            b"".join(
                len(nal).to_bytes(4, "big") + nal
                for nal in unit.parts
                if not is_parameter_set(track.codec, nal)
            )
            for unit in track.units
        ]
        self._keys = [unit.key for unit in track.units]

    def begins_with_key(self, second: int) -> bool:
        """Whether the first frame of a second is a key frame."""
        return self._keys[second * self.fps % len(self._keys)]

    def frames(self, second: int, room: int) -> tuple[list[bytes], list[bool]]:
        """Return the frames of a second; raises ValueError where they need more than `room`."""
        numbers = [n % len(self._keys) for n in range(second * self.fps, (second + 1) * self.fps)]
        frames = [self._frames[number] for number in numbers]
        if sum(map(len, frames)) > room:
            raise ValueError(f"a second of pictures is larger than {room} bytes")
        return frames, [self._keys[number] for number in numbers]
