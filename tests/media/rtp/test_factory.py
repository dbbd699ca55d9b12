"""Which tracks are recorded, passed over, or come in another way."""

from __future__ import annotations

import pytest

from appliance.media.errors import UnsupportedError
from appliance.media.rtp.depay.factory import depacketiser_for
from appliance.media.types import Codec


def push(depacketiser, payload, timestamp=5):
    return list(depacketiser.push(memoryview(payload), timestamp, False, False))


@pytest.mark.parametrize(
    ("name", "rate", "kind"),
    [
        ("vana", 90_000, "application"),
        ("MERCURY", 90_000, "application"),
        ("vnd.onvif.metadata", 90_000, "application"),
        ("VND.ONVIF.METADATA", 90_000, ""),
        ("G722.1", 16_000, "audio"),
        ("G723", 8_000, "audio"),
        ("", 8_000, "audio"),
        ("PCMA", 0, "audio"),
        ("PCMA", 10**9, "audio"),
        ("MPEG4-GENERIC", 0, "audio"),
        ("G726-99", 8_000, "audio"),
    ],
)
def test_metadata_and_unknown_sound_are_passed_over(name, rate, kind):
    assert depacketiser_for(name, rate, kind=kind) is None


@pytest.mark.parametrize("name", ["JPEG", "MP4V-ES", "H263", "vp8", "AV1", "SVAC"])
def test_other_video_has_to_come_in_another_way(name):
    with pytest.raises(UnsupportedError):
        depacketiser_for(name, 90_000)
    with pytest.raises(UnsupportedError):
        depacketiser_for("new", 90_000, kind="video")
    with pytest.raises(UnsupportedError):
        depacketiser_for("", 0, payload_type=26)


@pytest.mark.parametrize(
    ("name", "payload_type", "codec", "rate", "channels"),
    [
        ("PCMU", 0, Codec.PCMU, 8_000, 1),
        ("", 0, Codec.PCMU, 8_000, 1),
        ("", 8, Codec.PCMA, 8_000, 1),
        ("", 10, Codec.L16, 44_100, 2),
        ("", 11, Codec.L16, 44_100, 1),
        ("pcma", 8, Codec.PCMA, 8_000, 1),
    ],
)
def test_static_payload_types_need_no_name(name, payload_type, codec, rate, channels):
    given = (rate, channels) if name else (0, 0)
    made = depacketiser_for(name, *given, payload_type=payload_type)
    assert (made.format.codec, made.format.sample_rate, made.format.channels) == (
        codec,
        rate,
        channels,
    )
    frame = push(made, b"\x01\x02\x03\x04")[0]
    assert (frame.data, frame.timestamp, frame.key) == (b"\x01\x02\x03\x04", 5, True)


def test_hikvision_pcm_under_payload_11_is_turned_to_network_order():
    made = depacketiser_for("PCM", 48_000, 0, payload_type=11, kind="audio")
    assert (made.format.codec, made.format.sample_rate) == (Codec.L16, 48_000)
    assert push(made, b"\x01\x02\x03\x04")[0].data == b"\x02\x01\x04\x03"


def test_l16_cuts_off_half_a_sample():
    made = depacketiser_for("L16", 16_000, 2)
    assert push(made, b"12345")[0].data == b"1234"
    assert push(made, b"12") == []
    assert push(made, b"") == []
    assert made.statistics.malformed == 3


@pytest.mark.parametrize(
    ("name", "bits"),
    [("G726-16", 2), ("G726-24", 3), ("G726-32", 4), ("G726-40", 5), ("AAL2-G726-32", 4)],
)
def test_g726_names_its_bits_and_its_packing(name, bits):
    made = depacketiser_for(name, 8_000)
    assert (made.format.codec, made.format.bits_per_sample) == (Codec.G726, bits)
    assert made.format.codec_string == name.lower()
    assert len(push(made, bytes(30))[0].data) == 30


def test_opus_runs_at_48_khz():
    made = depacketiser_for("opus", 48_000, 2, {"sprop-stereo": "1"})
    assert (made.format.codec, made.format.sample_rate, made.format.channels) == (
        Codec.OPUS,
        48_000,
        2,
    )


def test_names_of_fmtp_parameters_are_read_in_any_case(made):
    import base64

    sets = ",".join(base64.b64encode(n).decode() for n in (made.h264_sps(), made.h264_pps()))
    video = depacketiser_for("h264", 90_000, 0, {"Sprop-Parameter-Sets": sets})
    assert video.format.width == 1920
