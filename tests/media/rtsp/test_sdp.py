import pytest

from appliance.media.errors import LimitError, MalformedError
from appliance.media.rtsp.sdp import MediaDescription, parse


def tracks(text: str) -> list[MediaDescription]:
    return parse(text.replace("\n", "\r\n").encode()).media


VIDEO = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n"


def test_a_whole_description_is_read() -> None:
    session = parse(
        b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=Media\r\nc=IN IP4 239.1.2.3/16\r\nt=0 0\r\n"
        b"a=control:*\r\nm=video 5000 RTP/AVP 96\r\nb=AS:4000\r\na=rtpmap:96 H264/90000\r\n"
        b"a=fmtp:96 packetization-mode=1; Profile-Level-Id=640028;"
        b"sprop-parameter-sets=Z2QAKKw=,aO48sA==; \r\na=framerate:25.000\r\na=control:track1\r\n"
    )
    (video,) = session.media
    assert (session.name, session.control, session.connection) == ("Media", "*", "239.1.2.3")
    assert (video.kind, video.payload_type, video.port) == ("video", 96, 5000)
    assert (video.encoding_name, video.clock_rate, video.bandwidth_kbps) == ("H264", 90_000, 4000)
    assert video.fmtp["sprop-parameter-sets"] == "Z2QAKKw=,aO48sA=="
    assert video.fmtp["profile-level-id"] == "640028"
    assert (video.control, video.frame_rate) == ("track1", 25.0)


def test_quirk_missing_origin_line() -> None:
    assert tracks("v=0\ns=x\nt=0 0\n" + VIDEO)[0].encoding_name == "H264"


def test_quirk_session_lines_repeated_inside_a_media_block() -> None:
    (video,) = tracks(
        "v=0\no=- 1 1 IN IP4 0\ns=x\nm=video 0 RTP/AVP 96\nv=0\no=- 1 1 IN IP4 0\ns=x\nt=0 0\n"
        "a=rtpmap:96 H265/90000\na=control:track1\n"
    )
    assert (video.encoding_name, video.control) == ("H265", "track1")


def test_quirk_rtpmap_95_under_payload_96() -> None:
    (video,) = tracks("m=video 0 RTP/AVP 96\na=rtpmap:95 H264/90000\n")
    assert video.encoding_name == "H264"
    assert video.payload_types == (96, 95)


def test_quirk_control_before_other_attributes() -> None:
    (video,) = tracks("m=video 0 RTP/AVP 96\na=control:trackID=0\na=rtpmap:96 H264/90000\n")
    assert (video.control, video.encoding_name) == ("trackID=0", "H264")


def test_quirk_format_that_is_no_number() -> None:
    (media,) = tracks("m=application/TP-LINK 0 RTP/AVP smart/1/90000\na=rtpmap:95 TP-LINK/90000\n")
    assert (media.kind, media.payload_type, media.encoding_name) == ("application", 95, "TP-LINK")


@pytest.mark.parametrize(
    "line",
    [
        "a=rtpmap:107 vnd.onvif.metadata/90000",
        "a=rtpmap:100 MERCURY/90000",
        "a=rtpmap:101 vana/90000",
    ],
)
def test_quirk_application_tracks_do_not_hurt_video(line: str) -> None:
    found = tracks(VIDEO + f"m=application 0 RTP/AVP 107\n{line}\n")
    assert [m.kind for m in found] == ["video", "application"]


def test_quirk_raw_pcm_under_payload_11() -> None:
    (audio,) = tracks("m=audio 0 RTP/AVP 11\na=rtpmap:11 PCM/48000\na=control:trackID=2\n")
    assert (audio.encoding_name, audio.clock_rate) == ("PCM", 48_000)


def test_static_payload_types_need_no_rtpmap() -> None:
    found = tracks("m=audio 0 RTP/AVP 0\nm=audio 0 RTP/AVP 8\nm=video 0 RTP/AVP 26\n")
    assert [(m.encoding_name, m.clock_rate) for m in found] == [
        ("PCMU", 8000), ("PCMA", 8000), ("JPEG", 90_000)
    ]  # fmt: skip


def test_quirk_several_payload_types_on_one_line() -> None:
    (audio,) = tracks("m=audio 0 RTP/AVP 8 0 101\na=rtpmap:8 PCMA/8000\na=rtpmap:101 tone/8000\n")
    assert (audio.encoding_name, audio.payload_types) == ("PCMA", (8, 0, 101))


def test_quirk_clock_rate_left_out() -> None:
    (video,) = tracks("m=video 0 RTP/AVP 96\na=rtpmap:96 H264\n")
    assert video.clock_rate == 90_000


def test_quirk_blank_and_senseless_lines_are_passed_over() -> None:
    found = tracks(
        "v=0\n\n \na\n=\nxx=1\nm=video 0 RTP/AVP 96 \n a=rtpmap:96 H264/90000 \nb=AS:x\n"
    )
    assert found[0].encoding_name == "H264"
    assert found[0].bandwidth_kbps is None


def test_quirk_senseless_frame_rates_are_unknown() -> None:
    for text, rate in (("0", None), ("9999", None), ("fast", None), ("12.5", 12.5)):
        assert tracks(VIDEO + f"a=framerate:{text}\n")[0].frame_rate == rate


def test_no_track_is_malformed_and_too_many_are_refused() -> None:
    with pytest.raises(MalformedError):
        parse(b"v=0\r\ns=x\r\n")
    with pytest.raises(LimitError):
        parse(b"m=video 0 RTP/AVP 96\r\n" * 33)
    with pytest.raises(LimitError):
        parse(b"a=x\r\n" * 5000)
