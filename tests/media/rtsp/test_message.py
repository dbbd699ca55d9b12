import pytest

from appliance.media.errors import LimitError, MalformedError
from appliance.media.rtsp.message import (
    MAX_BODY_BYTES,
    MAX_HEADERS,
    Headers,
    Request,
    Response,
    body_length,
    decode_head,
)


def test_a_request_is_encoded_and_read_back() -> None:
    request = Request("DESCRIBE", "rtsp://cam/1", Headers([("CSeq", "3"), ("Accept", "x/y")]))
    head, _, body = request.encode().partition(b"\r\n\r\n")
    assert decode_head(head) == request
    assert body == b""
    assert request.cseq == 3


def test_a_body_gets_its_length_header() -> None:
    data = Request("SET_PARAMETER", "rtsp://cam/1", Headers(), b"abc").encode()
    assert b"Content-Length: 3\r\n\r\nabc" in data


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "a\0b"])
def test_no_value_can_smuggle_in_a_header(value: str) -> None:
    with pytest.raises(MalformedError):
        Request("PLAY", "rtsp://cam/", Headers([("Session", value)])).encode()


def test_an_address_with_a_space_is_not_sent() -> None:
    with pytest.raises(MalformedError):
        Request("PLAY", "rtsp://cam/a b", Headers()).encode()


def test_header_names_are_compared_without_case() -> None:
    headers = Headers([("WWW-Authenticate", "Basic"), ("www-authenticate", "Digest")])
    assert headers.all("Www-authenticate") == ["Basic", "Digest"]
    assert headers.get("WWW-AUTHENTICATE") == "Basic"
    assert headers.get("Session") is None


def test_session_and_its_timeout_are_read() -> None:
    response = decode_head(b"RTSP/1.0 200 OK\r\nSession:        708345999 ; timeout=60 ")
    assert isinstance(response, Response)
    assert response.session == ("708345999", 60)
    bare = decode_head(b"RTSP/1.0 200 OK\r\nSession: F8F8E425")
    assert isinstance(bare, Response)
    assert bare.session == ("F8F8E425", None)


def test_bare_line_feeds_missing_reason_and_folded_lines_are_read() -> None:
    response = decode_head(b"RTSP/1.0 200\nCSeq: 7 \nno colon here\nPublic: PLAY,\n  TEARDOWN")
    assert isinstance(response, Response)
    assert (response.status, response.reason, response.cseq) == (200, "", 7)
    assert response.headers.get("Public") == "PLAY, TEARDOWN"


def test_a_web_server_is_told_apart() -> None:
    response = decode_head(b"HTTP/1.1 400 Bad Request\r\nServer: nginx")
    assert isinstance(response, Response)
    assert response.protocol == "HTTP"


@pytest.mark.parametrize("data", [b"", b"SSH-2.0-OpenSSH_9.2", b"RTSP/1.0", b"\x16\x03\x01\x02"])
def test_what_is_no_rtsp_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_head(data)


def test_headers_and_bodies_are_bounded() -> None:
    with pytest.raises(LimitError):
        decode_head(b"RTSP/1.0 200 OK\r\n" + b"A: b\r\n" * (MAX_HEADERS + 1))
    with pytest.raises(LimitError):
        decode_head(b"RTSP/1.0 200 OK\r\nA: " + b"x" * 70_000)
    with pytest.raises(LimitError):
        body_length(Headers([("Content-Length", str(MAX_BODY_BYTES + 1))]))
    assert body_length(Headers([("Content-Length", " 12 ; ")])) == 12
    assert body_length(Headers([("Content-Length", "many")])) == 0
