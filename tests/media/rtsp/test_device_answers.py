"""Every answer of a real device that is at hand is understood."""

from pathlib import Path

import pytest

from appliance.media.rtsp import auth, sdp, transport, url
from appliance.media.rtsp.framing import StreamParser
from appliance.media.rtsp.message import Message, Response

NAMES = [
    "bunny_describe",
    "bunny_play",
    "bunny_setup",
    "dahua_describe_h264_aac_onvif",
    "dahua_describe_h265_pcma",
    "dahua_options",
    "dahua_play",
    "dahua_setup",
    "foscam_describe",
    "hikvision_describe",
    "hikvision_play",
    "hikvision_setup",
    "hikvision_setup_ssrc_space",
    "longse_unauthorized",
    "luckfox_rkipc_setup_tcp",
    "luckfox_rkipc_setup_udp",
    "reolink_describe",
    "reolink_play",
    "reolink_setup",
    "reolink_teardown",
]

TRACKS = {
    "bunny_describe": [("audio", "MPEG4-GENERIC", 12000), ("video", "H264", 90000)],
    "dahua_describe_h264_aac_onvif": [
        ("video", "H264", 90000),
        ("audio", "MPEG4-GENERIC", 48000),
        ("application", "VND.ONVIF.METADATA", 90000),
    ],
    "dahua_describe_h265_pcma": [("video", "H265", 90000), ("audio", "PCMA", 8000)],
    "foscam_describe": [("video", "H264", 90000), ("audio", "PCMU", 8000)],
    "hikvision_describe": [
        ("video", "H264", 90000),
        ("application", "VND.ONVIF.METADATA", 90000),
    ],
    "reolink_describe": [("video", "H264", 90000), ("audio", "MPEG4-GENERIC", 16000)],
}


def response(folder: Path, name: str) -> Response:
    found: list[Message] = []
    StreamParser(found.append).feed((folder / f"{name}.txt").read_bytes())
    (message,) = found
    assert isinstance(message, Response)
    return message


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_one_response_with_a_number(device_answers: Path, name: str) -> None:
    answer = response(device_answers, name)
    assert answer.status == (401 if "unauthorized" in name else 200)
    assert answer.cseq is not None


def test_no_answer_is_left_out(device_answers: Path) -> None:
    assert {p.stem for p in device_answers.glob("*.txt")} == {*NAMES, "tplink_sdp"}


@pytest.mark.parametrize("name", sorted(TRACKS))
def test_tracks_of_real_cameras(device_answers: Path, name: str) -> None:
    session = sdp.parse(response(device_answers, name).body)
    assert [(m.kind, m.encoding_name, m.clock_rate) for m in session.media] == TRACKS[name]


def test_tp_link_format_that_is_no_number(device_answers: Path) -> None:
    session = sdp.parse((device_answers / "tplink_sdp.txt").read_bytes())
    assert [m.encoding_name for m in session.media] == ["H265", "PCMA", "TP-LINK"]
    assert session.media[0].fmtp["sprop-pps"] == "RAHAcvAbJA=="


@pytest.mark.parametrize(
    ("name", "control"),
    [
        (
            "dahua_describe_h265_pcma",
            "rtsp://cam-driveway/cam/realmonitor?channel=1&subtype=2/trackID=0",
        ),
        (
            "hikvision_describe",
            (
                "rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=1"
                "?transportmode=unicast&profile=Profile_1"
            ),
        ),
        ("reolink_describe", "rtsp://192.168.5.206/h264Preview_01_main/trackID=1"),
    ],
)
def test_addresses_of_tracks(device_answers: Path, name: str, control: str) -> None:
    answer = response(device_answers, name)
    asked = url.RtspUrl("rtsp", "cam", 554, "/x")
    base = url.base_url(asked, answer.headers.get("Content-Base"), None)
    assert url.resolve(base, sdp.parse(answer.body).media[0].control) == control


@pytest.mark.parametrize(
    ("name", "ssrc", "interleaved"),
    [
        ("hikvision_setup", 0x4CACC3D1, (0, 1)),
        ("hikvision_setup_ssrc_space", 0xD6D6627, (0, 1)),
        ("dahua_setup", 0x30A98EE7, (0, 1)),
        ("luckfox_rkipc_setup_tcp", 0x22345684, (0, 1)),
        ("luckfox_rkipc_setup_udp", 0x22345685, None),
        ("reolink_setup", None, (0, 1)),
        ("bunny_setup", None, (0, 1)),
    ],
)
def test_transports(
    device_answers: Path, name: str, ssrc: int | None, interleaved: tuple[int, int] | None
) -> None:
    answer = response(device_answers, name)
    (found,) = transport.parse(answer.headers.get("Transport") or "")
    assert (found.ssrc, found.interleaved) == (ssrc, interleaved)
    assert answer.session is not None


def test_longse_challenge(device_answers: Path) -> None:
    offers = auth.parse_challenges(
        response(device_answers, "longse_unauthorized").headers.all("WWW-Authenticate")
    )
    best = auth.choose(offers, allow_basic=False)
    assert best is not None
    assert best.parameters == {"realm": "Surveillance Server", "nonce": "98481030"}
