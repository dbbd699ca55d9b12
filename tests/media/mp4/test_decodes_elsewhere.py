"""What we write is read by an independent demultiplexer and decoder (libav)."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from appliance.media.types import Codec

VIDEO_NAMES = {
    Codec.H264: "h264",
    Codec.H265: "hevc",
    Codec.MJPEG: "mjpeg",
    Codec.MPEG4: "mpeg4",
}
AUDIO_NAMES = {
    Codec.AAC: "aac",
    Codec.PCMA: "pcm_alaw",
    Codec.PCMU: "pcm_mulaw",
    Codec.L16: "pcm_s16be",
    Codec.G726: "g726",
    Codec.OPUS: "opus",
}


@pytest.mark.parametrize("codec", VIDEO_NAMES)
def test_every_video_frame_is_decoded(codec, make_video, make_movie, open_movie):
    clip = make_video(codec)
    with open_movie(make_movie(clip)) as movie:
        stream = movie.streams.video[0]
        assert stream.codec_context.name == VIDEO_NAMES[codec]
        assert (stream.codec_context.width, stream.codec_context.height) == (320, 180)
        frames = list(movie.decode(stream))
    assert len(frames) == len(clip.samples)
    assert [frame.pts for frame in frames] == [3600 * number for number in range(len(frames))]


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("in_band", [False, True])
def test_b_frames_come_out_in_order_of_presentation(
    codec, in_band, make_video, make_movie, open_movie
):
    clip = make_video(codec, b_frames=2)
    assert any(pts != dts for pts, dts, *_rest in clip.samples)
    with open_movie(make_movie(clip, in_band=in_band)) as movie:
        packets = [
            (packet.pts, packet.dts, bytes(packet)) for packet in movie.demux() if packet.size
        ]
    assert packets == [(pts, dts, data) for pts, dts, _duration, _key, data in clip.samples]
    with open_movie(make_movie(clip, in_band=in_band)) as movie:
        stamps = [frame.pts for frame in movie.decode(video=0)]
    assert stamps == sorted(stamps)
    assert len(stamps) == len(clip.samples)


@pytest.mark.parametrize("codec", AUDIO_NAMES)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_sound_packet_comes_back_and_is_decoded(
    codec, channels, make_audio, make_movie, open_movie
):
    if codec is Codec.G726 and channels == 2:
        pytest.skip("G.726 is mono")
    rate = 48_000 if codec in (Codec.AAC, Codec.OPUS) else 8000
    clip = make_audio(codec, rate=rate, channels=channels)
    with open_movie(make_movie(clip)) as movie:
        stream = movie.streams.audio[0]
        assert stream.codec_context.name.removeprefix("lib") == AUDIO_NAMES[codec]
        assert stream.codec_context.sample_rate == rate
        assert stream.codec_context.channels == channels
        assert b"".join(bytes(packet) for packet in movie.demux() if packet.size) == b"".join(
            sample[4] for sample in clip.samples
        )
    with open_movie(make_movie(clip)) as movie:
        heard = [frame.to_ndarray() for frame in movie.decode(audio=0)]
    assert sum(part.size for part in heard) >= 0.9 * sum(s[2] for s in clip.samples) * channels
    assert max(abs(part.astype(float)).max() for part in heard) > 0.1


def test_sound_and_picture_keep_their_own_clocks(h264_clip, aac_clip, make_movie, open_movie):
    data = make_movie(h264_clip, aac_clip)
    with open_movie(data) as movie:
        packets = [(packet.stream.type, packet.dts) for packet in movie.demux() if packet.size]
    video = [dts for kind, dts in packets if kind == "video"]
    audio = [dts for kind, dts in packets if kind == "audio"]
    assert video == [sample[1] for sample in h264_clip.samples]
    assert audio == [sample[1] for sample in aac_clip.samples]


def test_seeking_finds_key_frames(h264_clip, make_movie, open_movie):
    with open_movie(make_movie(h264_clip)) as movie:
        keys = [packet.is_keyframe for packet in movie.demux() if packet.size]
    assert keys == [sample[3] for sample in h264_clip.samples]


def _probe(path) -> tuple[list[dict], str]:
    result = subprocess.run(
        ["ffprobe", "-v", "warning", "-count_packets", "-show_streams", "-of", "json", str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return json.loads(result.stdout)["streams"], result.stderr


needs_ffprobe = pytest.mark.skipif(
    shutil.which("ffprobe") is None, reason="ffprobe is not installed"
)


@needs_ffprobe
@pytest.mark.parametrize("codec", VIDEO_NAMES)
def test_ffprobe_reads_every_picture_coding_without_a_warning(
    tmp_path, codec, make_video, aac_clip, make_movie
):
    path = tmp_path / "clip.mp4"
    clip = make_video(codec, frames=12)
    path.write_bytes(make_movie(clip, aac_clip))
    streams, warnings = _probe(path)
    assert warnings == ""
    assert [stream["codec_name"] for stream in streams] == [VIDEO_NAMES[codec], "aac"]
    counts = [int(stream["nb_read_packets"]) for stream in streams]
    assert counts == [len(clip.samples), len(aac_clip.samples)]


@needs_ffprobe
@pytest.mark.parametrize("codec", AUDIO_NAMES)
def test_ffprobe_reads_every_sound_coding(tmp_path, codec, h264_clip, make_audio, make_movie):
    path = tmp_path / "clip.mp4"
    rate = 48_000 if codec in (Codec.AAC, Codec.OPUS) else 8000
    clip = make_audio(codec, rate=rate)
    path.write_bytes(make_movie(h264_clip, clip))
    streams, warnings = _probe(path)
    assert warnings == ""
    name = {"g726": "adpcm_g726"}.get(AUDIO_NAMES[codec], AUDIO_NAMES[codec])
    assert [stream["codec_name"] for stream in streams] == ["h264", name]
    assert streams[1]["sample_rate"] == str(rate)
