"""Manners towards cameras: passwords, signs of life, goodbyes, redirections, transports."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from ingest_bench import SHORT, Link, ScriptedServer, running

from appliance.media.rtsp.auth import parse_challenges
from appliance.media.rtsp.message import Request
from appliance.recording.ingest.config import SourceConfig
from appliance.recording.ingest.state import Phase


class Guard:
    """Asks for Digest (or what `offer` says) and counts wrong answers."""

    def __init__(self, password: str = "right", offer: str = "") -> None:
        self.password = password
        self.nonce = 1
        self.offer = offer
        self.stale = ""
        self.wrong = 0
        self.algorithm = ""

    async def __call__(self, link: Link, request: Request) -> bool:
        given = request.headers.get("Authorization")
        if given is None:
            return self._ask(link, request)
        if given.startswith("Basic "):
            return False
        answer = parse_challenges([given])[0].parameters
        sha = answer.get("algorithm", "MD5") == "SHA-256"

        def hashed(text):
            return (hashlib.sha256 if sha else hashlib.md5)(text.encode()).hexdigest()

        secret = hashed(f"admin:r:{self.password}")
        action = hashed(f"{request.method}:{answer['uri']}")
        expected = hashed(f"{secret}:{answer['nonce']}:{action}")
        if answer["nonce"] != str(self.nonce):
            return self._ask(link, request)
        if answer["response"] != expected:
            self.wrong += 1
            return self._ask(link, request)
        self.algorithm = "SHA-256" if sha else "MD5"
        return False

    def _ask(self, link: Link, request: Request) -> bool:
        offer = self.offer or f'Digest realm="r", nonce="{self.nonce}"{self.stale}'
        offers = [("WWW-Authenticate", text) for text in offer.split("|")]
        link.reply(request, 401, *offers)
        return True


def config(server: ScriptedServer, password: str = "right", **more: object) -> SourceConfig:
    return SourceConfig(server.url, "admin", password, **more)  # type: ignore[arg-type]


async def test_the_password_is_proved_by_digest(server: ScriptedServer) -> None:
    server.script = Guard()
    async with running(config(server)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert catch.faults == []
    assert not any("right" in (r.headers.get("Authorization") or "") for r in server.requests)


async def test_n13_1_sha_256_is_preferred(server: ScriptedServer) -> None:
    offer = (
        'Digest realm="r", nonce="1"|Digest realm="r", nonce="1", algorithm=SHA-256|Basic realm="r"'
    )
    server.script = guard = Guard(offer=offer)
    async with running(config(server)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert guard.algorithm == "SHA-256"


async def test_a_refused_password_is_tried_once_until_a_person_acts(
    server: ScriptedServer,
) -> None:
    server.script = guard = Guard()
    async with running(config(server, "wrong")) as (ingest, catch):
        await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
        fault = catch.faults[0]
        assert fault.code == "password_refused"
        assert "not tried again" in fault.text
        requests = len(server.requests)
        # Longer than every back-off of these limits.
        with pytest.raises(TimeoutError):
            await catch.until(lambda: len(server.links) > 1, 0.5)
        assert (guard.wrong, len(server.requests)) == (1, requests)
        guard.password = "wrong"
        ingest.retry()
        await catch.until(lambda: catch.video)
        assert guard.wrong == 1


async def test_no_password_where_one_is_needed(server: ScriptedServer) -> None:
    server.script = Guard()
    async with running(SourceConfig(server.url)) as (ingest, catch):
        await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
        assert catch.faults[0].code == "password_needed"


async def test_credentials_in_the_address_are_used_and_never_sent_in_it(
    server: ScriptedServer,
) -> None:
    server.script = Guard()
    url = server.url.replace("rtsp://", "rtsp://admin:right@")
    async with running(SourceConfig(url)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert not any("admin" in r.uri for r in server.requests)


async def test_n13_1_basic_is_refused_unless_allowed(server: ScriptedServer) -> None:
    server.script = Guard(offer='Basic realm="r"')
    async with running(config(server)) as (ingest, catch):
        await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
        assert catch.faults[0].code == "basic_refused"
        assert all(r.headers.get("Authorization") is None for r in server.requests)
    async with running(config(server, allow_basic=True)) as (_ingest, catch):
        await catch.until(lambda: catch.video)


async def test_an_unknown_kind_of_authentication_is_named(server: ScriptedServer) -> None:
    server.script = Guard(offer='Digest realm="r", nonce="1", algorithm=SHA-512-256|Negotiate')
    async with running(config(server)) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "authentication_unknown"
        assert "SHA-512-256" in catch.faults[0].text


async def test_a_stale_nonce_is_no_refusal(server: ScriptedServer) -> None:
    server.script = guard = Guard()
    guard.stale = ', stale="true"'
    renewed = 0

    async def ageing(link: Link, request: Request) -> bool:
        nonlocal renewed
        if request.method == "SETUP" and not renewed:
            renewed = 1
            guard.nonce += 1
        return await guard(link, request)

    server.script = ageing
    async with running(config(server)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert catch.faults == []
    assert guard.wrong == 0


async def test_a_camera_that_only_says_stale_is_given_up(server: ScriptedServer) -> None:
    async def always(link: Link, request: Request) -> bool:
        offer = f'Digest realm="r", nonce="{len(link.requests)}", stale=TRUE'
        link.reply(request, 401, ("WWW-Authenticate", offer))
        return True

    server.script = always
    async with running(config(server)) as (ingest, catch):
        await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
    assert len(server.requests) <= 5


async def test_an_aged_nonce_at_a_sign_of_life_is_renewed(server: ScriptedServer) -> None:
    server.script = guard = Guard()
    server.session = "5;timeout=1"
    async with running(config(server)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
        guard.nonce += 1

        def done():
            return server.methods.count("OPTIONS") >= 5

        await catch.until(done)
        assert catch.faults == []
    assert guard.wrong == 0


@pytest.mark.parametrize(
    ("public", "method"),
    [
        ("OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN", "OPTIONS"),
        ("OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER", "GET_PARAMETER"),
    ],
)
async def test_signs_of_life_come_at_half_the_timeout(
    server: ScriptedServer, public: str, method: str
) -> None:
    server.public = public
    server.session = "5;timeout=1"
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
        first = len(server.links[0].requests)
        await catch.until(lambda: len(server.links[0].requests) >= first + 2)
        assert {r.method for r in server.links[0].requests[first:]} == {method}
        assert server.links[0].requests[-1].headers.get("Session") == "5"


async def test_get_parameter_that_is_refused_gives_way_to_options(server: ScriptedServer) -> None:
    server.public += ", GET_PARAMETER"
    server.session = "5;timeout=1"

    async def refusing(link: Link, request: Request) -> bool:
        if request.method == "GET_PARAMETER":
            link.reply(request, 451)
        return request.method == "GET_PARAMETER"

    server.script = refusing
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: server.methods.count("OPTIONS") == 2)
        assert server.methods.count("GET_PARAMETER") == 1
        assert catch.faults == []


async def test_signs_of_life_without_an_answer_end_nothing(server: ScriptedServer) -> None:
    server.session = "5;timeout=1"

    async def deaf(link: Link, request: Request) -> bool:
        return "PLAY" in [r.method for r in link.requests[:-1]] and request.method == "OPTIONS"

    server.script = deaf
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: server.methods.count("OPTIONS") >= 4)
        assert catch.faults == []


async def test_a_session_the_camera_has_forgotten_is_set_up_anew(server: ScriptedServer) -> None:
    server.session = "5;timeout=1"

    async def forgetful(link: Link, request: Request) -> bool:
        lost = "PLAY" in [r.method for r in link.requests[:-1]] and request.method == "OPTIONS"
        if lost:
            link.reply(request, 454)
        return lost

    server.script = forgetful
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "session_lost"


async def test_goodbye_is_said_before_the_connection_closes(server: ScriptedServer) -> None:
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert server.methods[-1] == "TEARDOWN"
    assert server.requests[-1].headers.get("Session") == "77"


async def test_goodbye_is_not_waited_for_long(server: ScriptedServer) -> None:
    async def deaf(link: Link, request: Request) -> bool:
        return request.method == "TEARDOWN"

    server.script = deaf
    async with running(SourceConfig(server.url), replace(SHORT, teardown_s=0.1)) as (_i, catch):
        await catch.until(lambda: catch.video)
    assert catch.states[-1].phase is Phase.STOPPED


async def test_quirk_the_session_id_of_the_last_setup_counts(server: ScriptedServer) -> None:
    server.sdp += b"m=audio 0 RTP/AVP 0\r\na=control:track1\r\n"
    count = 0

    async def changing(link: Link, request: Request) -> bool:
        nonlocal count
        if request.method != "SETUP":
            return False
        count += 1
        wish = request.headers.get("Transport") or ""
        link.reply(request, 200, ("Transport", wish), ("Session", f"id{count};timeout=60"))
        return True

    server.script = changing
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    play = next(r for r in server.requests if r.method == "PLAY")
    assert play.headers.get("Session") == "id2"


async def test_without_audio_wanted_only_video_is_set_up(server: ScriptedServer) -> None:
    server.sdp += b"m=audio 0 RTP/AVP 0\r\na=control:track1\r\n"
    async with running(SourceConfig(server.url, want_audio=False)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert server.methods.count("SETUP") == 1


async def test_a_redirection_is_followed(server: ScriptedServer) -> None:
    other = ScriptedServer()
    await other.start()

    async def elsewhere(link: Link, request: Request) -> bool:
        if request.method == "DESCRIBE":
            link.reply(request, 302, ("Location", f"rtsp://127.0.0.1:{other.port}/y"))
        return request.method == "DESCRIBE"

    server.script = elsewhere
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert other.requests[1].uri.endswith("/y")
    await other.stop()


async def test_a_circle_of_redirections_ends(server: ScriptedServer) -> None:
    async def circle(link: Link, request: Request) -> bool:
        if request.method == "DESCRIBE":
            link.reply(request, 301, ("Location", server.url))
        return request.method == "DESCRIBE"

    server.script = circle
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "redirected"
    assert server.methods.count("DESCRIBE") <= 5


@pytest.mark.parametrize("target", ["http://127.0.0.1/x", "rtsp://192.0.2.1/x", "", "rtsp://["])
async def test_a_redirection_with_a_password_does_not_leave_the_camera(
    server: ScriptedServer, target: str
) -> None:
    async def away(link: Link, request: Request) -> bool:
        if request.method == "DESCRIBE":
            link.reply(request, 302, ("Location", target))
        return request.method == "DESCRIBE"

    server.script = away
    limits = replace(SHORT, redirects=1)
    async with running(config(server), limits) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "redirected"


@pytest.mark.parametrize("transport", ["udp", "multicast"])
async def test_a_camera_without_the_transport_is_pulled_by_tcp(
    server: ScriptedServer, transport: str
) -> None:
    async with running(SourceConfig(server.url, transport=transport)) as (ingest, catch):  # type: ignore[arg-type]
        await catch.until(lambda: catch.video)
        assert ingest.statistics.transport == "tcp"
    assert catch.faults == []


async def test_udp_that_never_arrives_names_the_way_out(server: ScriptedServer) -> None:
    async def promising(link: Link, request: Request) -> bool:
        if request.method != "SETUP":
            return False
        wish = request.headers.get("Transport") or ""
        link.reply(request, 200, ("Transport", wish + ";server_port=50000-50001"), ("Session", "1"))
        return True

    server.script = promising
    server.frames = False
    async with running(SourceConfig(server.url, transport="udp")) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "no_udp_packets"
        assert "TCP" in catch.faults[0].text


async def test_receiver_reports_go_to_the_camera_over_udp(server: ScriptedServer) -> None:
    import asyncio
    import socket

    loop = asyncio.get_running_loop()
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
    rtp, rtcp = sockets
    clients: list[tuple[str, int]] = []

    async def by_udp(link: Link, request: Request) -> bool:
        if request.method == "SETUP":
            wish = request.headers.get("Transport") or ""
            first = int(wish.partition("client_port=")[2].partition("-")[0])
            clients.append(("127.0.0.1", first))
            ports = f"{rtp.getsockname()[1]}-{rtcp.getsockname()[1]}"
            answer = ("Transport", f"{wish};server_port={ports}")
            link.reply(request, 200, answer, ("Session", "1"))
        return request.method == "SETUP"

    server.script = by_udp
    server.frames = False
    async with running(SourceConfig(server.url, transport="udp")) as (_ingest, catch):
        await catch.until(lambda: "PLAY" in server.methods)
        packet = (
            bytes([0x80, 96]) + bytes([0, 9]) + bytes(4) + b"\0\0\0\7" + b"\x41\x9a" + bytes(20)
        )
        rtp.sendto(packet, clients[0])
        report = await asyncio.wait_for(loop.sock_recv(rtcp, 1500), 3)
        assert report[1] == 201, "a receiver report"
    for sock in sockets:
        sock.close()


async def test_ipv6(server: ScriptedServer) -> None:
    other = ScriptedServer()
    try:
        await other.start("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with running(SourceConfig(f"rtsp://[::1]:{other.port}/x")) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert other.requests[0].uri.startswith("rtsp://[::1]:")
    await other.stop()


async def test_a_name_with_a_dead_ipv6_address_is_reached_by_ipv4(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio
    import socket

    loop = asyncio.get_running_loop()

    async def two(host: str, port: int, **_more: object):
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(loop, "getaddrinfo", two)
    url = server.url.replace("127.0.0.1", "camera.example")
    async with running(SourceConfig(url)) as (_ingest, catch):
        await catch.until(lambda: catch.video)
    assert catch.faults == []


async def test_requests_of_the_camera_are_answered(server: ScriptedServer) -> None:
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: len(catch.video) > 2)
        link = server.links[-1]
        link.send(
            Request("GET_PARAMETER", server.url)
            .encode()
            .replace(b"\r\n\r\n", b"\r\nCSeq: 4\r\n\r\n")
        )
        seen = len(catch.video)
        await catch.until(lambda: len(catch.video) > seen + 5)
        assert catch.faults == []


async def test_no_password_reaches_log_or_fault(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.script = Guard()
    url = server.url.replace("rtsp://", "rtsp://admin:s3cret-word@")
    async with running(SourceConfig(url)) as (ingest, catch):
        await catch.until(lambda: catch.faults)
    told = caplog.text + repr(catch.states) + repr(ingest.statistics) + repr(ingest.state)
    assert "s3cret-word" not in told
    assert "s3cret-word" not in repr(SourceConfig("rtsp://h/", "u", "s3cret-word"))
