"""Whatever a camera sends, only the errors of `appliance.media.errors` come out."""

import contextlib
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.media.errors import MediaError
from appliance.media.rtsp import auth, sdp, transport, url
from appliance.media.rtsp.framing import StreamParser, each
from appliance.media.rtsp.message import Response, decode_head

EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PIECES = st.sampled_from(
    [b"RTSP/1.0 200 OK\r\n", b"$\x00\x00\x0c", b"$", b"\r\n\r\n", b"\n\n", b"Content-Length: 5\r\n",
     b"Session: ;timeout=\r\n", b"CSeq: \xff\r\n", b"OPTIONS * RTSP/1.0\r\n", b"HTTP/1.1 ", b"a=",
     b"m=video 0 RTP/AVP 96\r\n", b"a=rtpmap:96 H264/90000\r\n", b"a=fmtp:96 ;;=;\r\n", b"\0" * 9]
)  # fmt: skip
STREAM = st.lists(PIECES | st.binary(max_size=40), max_size=40).map(b"".join)


@EXAMPLES
@given(STREAM, st.integers(1, 200))
def test_framing(data: bytes, step: int) -> None:
    taken: list[object] = []
    parser = StreamParser(taken.append)
    parser.frames[0] = each(lambda view, begin, end: taken.append(bytes(view[begin:end])))
    with contextlib.suppress(MediaError):
        for at in range(0, len(data), step):
            parser.feed(data[at : at + step])


@EXAMPLES
@given(STREAM)
def test_messages_and_descriptions(data: bytes) -> None:
    with contextlib.suppress(MediaError):
        message = decode_head(data)
        if isinstance(message, Response):
            _ = (message.cseq, message.session)
        message.encode()
    with contextlib.suppress(MediaError):
        for media in sdp.parse(data).media:
            _ = (media.frame_rate, media.attribute("x"))


@EXAMPLES
@given(st.text(max_size=200), st.text(max_size=50))
def test_headers_and_addresses(text: str, other: str) -> None:
    with contextlib.suppress(MediaError):
        transport.parse(text)
    with contextlib.suppress(MediaError):
        transport.parse(f"RTP/AVP;{text};client_port={other};ssrc={other};ttl={other}")
    offers = auth.parse_challenges(
        [text, f"Digest {text}", f'Digest realm="{text}", nonce={other}']
    )
    chosen = auth.choose(offers, allow_basic=True)
    if chosen is not None:
        with contextlib.suppress(MediaError):
            auth.Authenticator(chosen, text, other, cnonce=lambda: "c").authorization("PLAY", other)
    with contextlib.suppress(MediaError):
        found, user, password = url.split(text)
        url.with_credentials(found, user, password)
    with contextlib.suppress(MediaError):
        url.split(f"rtsp://{text}@{other}")
    url.without_secrets(text)
    camera = url.RtspUrl("rtsp", "cam", 554, "/")
    url.resolve(url.base_url(camera, text, other), other)


@EXAMPLES
@given(st.data())
def test_damaged_answers_of_real_devices(device_answers: Path, data: st.DataObject) -> None:
    files = sorted(device_answers.glob("*.txt"))
    raw = bytearray(data.draw(st.sampled_from(files)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    taken: list[object] = []
    with contextlib.suppress(MediaError):
        StreamParser(taken.append).feed(bytes(raw))
    for message in taken:
        if isinstance(message, Response):
            with contextlib.suppress(MediaError):
                sdp.parse(message.body)
            with contextlib.suppress(MediaError):
                transport.parse(message.headers.get("Transport") or "")
