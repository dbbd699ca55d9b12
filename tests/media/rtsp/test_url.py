import pytest

from appliance.media.errors import MalformedError
from appliance.media.rtsp.url import (
    RtspUrl,
    base_url,
    resolve,
    split,
    with_credentials,
    without_secrets,
)

CAM = RtspUrl("rtsp", "192.168.5.106", 554, "/Streaming/Channels/101")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rtsp://h/a?b=c&d=e", (RtspUrl("rtsp", "h", 554, "/a?b=c&d=e"), "", "")),
        ("RTSP://u:p@h:8554", (RtspUrl("rtsp", "h", 8554, ""), "u", "p")),
        ("rtsp://u:p@ss:w0rd@h/x", (RtspUrl("rtsp", "h", 554, "/x"), "u", "p@ss:w0rd")),
        ("rtsp://a%40b:%3A%2F@h/x@y", (RtspUrl("rtsp", "h", 554, "/x@y"), "a@b", ":/")),
        ("rtsps://[fe80::1%25eth0]:322/x", (RtspUrl("rtsps", "fe80::1%eth0", 322, "/x"), "", "")),
        ("rtsp://[::ffff:10.0.0.2]:554/", (RtspUrl("rtsp", "::ffff:10.0.0.2", 554, "/"), "", "")),
        ("http://h/mjpeg#frag", (RtspUrl("http", "h", 80, "/mjpeg"), "", "")),
        ("rtsp://h?x=1", (RtspUrl("rtsp", "h", 554, "/?x=1"), "", "")),
        ("  rtsp://h/a b  ", (RtspUrl("rtsp", "h", 554, "/a%20b"), "", "")),
    ],
)
def test_an_address_is_taken_apart(text: str, expected: tuple[RtspUrl, str, str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "192.168.1.64", "ftp://h/", "rtsp://", "rtsp://h:0/", "rtsp://h:70000/", "rtsp://h/\r\nX"],
)
def test_what_is_no_address_is_refused_in_words(text: str) -> None:
    with pytest.raises(MalformedError):
        split(text)


def test_ipv6_hosts_are_written_with_brackets() -> None:
    assert str(split("rtsp://[::1]:8554/x")[0]) == "rtsp://[::1]:8554/x"
    assert str(CAM) == "rtsp://192.168.5.106/Streaming/Channels/101"


def test_no_secret_reaches_a_log() -> None:
    shown = without_secrets("rtsp://admin:p@ss@h/a?user=x&password=secret&channel=1")
    assert "p@ss" not in shown
    assert "secret" not in shown
    assert "admin" not in shown
    assert shown.endswith("channel=1")


def test_credentials_are_escaped_for_libraries() -> None:
    assert with_credentials(CAM, "a@b", "x/y").startswith("rtsp://a%40b:x%2Fy@192.168.5.106/")
    assert with_credentials(CAM, "", "") == str(CAM)


@pytest.mark.parametrize(
    ("base", "location", "expected"),
    [
        ("rtsp://cam/x/", None, "rtsp://cam/x/"),
        (None, "rtsp://cam/y", "rtsp://cam/y"),
        (None, None, str(CAM)),
        ("192.168.5.106:554/x/", None, "rtsp://192.168.5.106:554/x/"),
        ("//cam/x/", None, "rtsp://cam/x/"),
        ("/x/", None, "rtsp://192.168.5.106/x/"),
        ("not a url", None, str(CAM)),
        ("", None, str(CAM)),
        ("[fe80::1]:554/x", None, "rtsp://[fe80::1]:554/x"),
    ],
)
def test_quirk_content_base_absolute_scheme_less_or_senseless(
    base: str | None, location: str | None, expected: str
) -> None:
    assert base_url(CAM, base, location) == expected


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("rtsp://cam/x/", "trackID=1", "rtsp://cam/x/trackID=1"),
        ("rtsp://cam/x", "trackID=1", "rtsp://cam/x/trackID=1"),
        ("rtsp://cam/x?a=1&b=2/", "trackID=0", "rtsp://cam/x?a=1&b=2/trackID=0"),
        ("rtsp://cam/x", "*", "rtsp://cam/x"),
        ("rtsp://cam/x", None, "rtsp://cam/x"),
        ("rtsp://cam/x", "rtsp://other/y", "rtsp://other/y"),
        ("rtsp://cam:554/x/y", "/z/track1", "rtsp://cam:554/z/track1"),
        ("rtsp://cam/x", "//cam/z", "rtsp://cam/z"),
        ("rtsp://cam/x", "track 1", "rtsp://cam/x/track%201"),
        ("rtsp://cam/", "?ctype=video", "rtsp://cam/?ctype=video"),
    ],
)
def test_control_addresses_are_joined_as_cameras_mean_it(
    base: str, control: str | None, expected: str
) -> None:
    assert resolve(base, control) == expected
