"""Whatever answers, the ingest says what is wrong, waits as it should, and goes on by itself."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest
from ingest_bench import SDP, SHORT, Link, ScriptedServer, check_order, running

from appliance.media.rtsp.message import Request
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.state import Fault, Phase


async def first_fault(config: SourceConfig, limits: Limits = SHORT) -> Fault:
    async with running(config, limits) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        return catch.faults[0]


def answering(method: str, status: int, *headers: tuple[str, str], body: bytes = b""):
    async def script(link: Link, request: Request) -> bool:
        if request.method != method:
            return False
        link.reply(request, status, *headers, body=body)
        return True

    return script


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [
        ("DESCRIBE", 404, "not_found"),
        ("DESCRIBE", 403, "forbidden"),
        ("DESCRIBE", 503, "busy"),
        ("DESCRIBE", 500, "camera_error"),
        ("SETUP", 453, "busy"),
        ("SETUP", 461, "transport_unsupported"),
        ("PLAY", 454, "session_lost"),
        ("PLAY", 455, "camera_error"),
    ],
)
async def test_a_refusal_is_said_in_words_and_tried_again(
    server: ScriptedServer, method: str, status: int, code: str
) -> None:
    server.script = answering(method, status)
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: len(catch.faults) >= 2)
        assert {f.code for f in catch.faults} == {code}
        assert all(len(f.text.split()) > 6 and not f.needs_person for f in catch.faults)
        server.script = None
        await catch.until(lambda: catch.video)
    assert catch.states[-1].phase is Phase.STOPPED


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_answer"),
        (b"<html>no</html>", "bad_answer"),
        (b"m=audio 0 RTP/AVP 0\r\na=control:t0\r\n", "no_video"),
        (b"m=application 0 RTP/AVP 107\r\n", "no_video"),
    ],
)
async def test_a_description_without_a_picture_is_said_in_words(
    server: ScriptedServer, body: bytes, code: str
) -> None:
    server.sdp = body
    assert (await first_fault(SourceConfig(server.url))).code == code


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "web_server"),
        (b'<!DOCTYPE HTML>\n<html lang="en">\n<head><title>Error response</title>', "web_server"),
        (b"\r\n<html><body>Bad Request</body></html>", "web_server"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "not_rtsp"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "needs_tls"),
        (bytes(range(0x80, 0x100)) * 64, "not_rtsp"),
    ],
)
async def test_another_service_on_the_port_is_recognised(
    server: ScriptedServer, greeting: bytes, code: str
) -> None:
    server.greeting = greeting
    fault = await first_fault(SourceConfig(server.url))
    assert fault.code == code
    assert str(server.port) in fault.text


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        fault = await first_fault(SourceConfig(f"rtsp://127.0.0.1:{port}/x"))
    assert fault.code == "connection_refused"


async def test_a_name_nobody_knows() -> None:
    fault = await first_fault(SourceConfig("rtsp://no-such-camera.invalid/x"))
    assert fault.code == "name_unknown"
    assert "no-such-camera.invalid" in fault.text


async def test_a_listener_that_never_accepts_is_given_up_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        fault = await first_fault(
            SourceConfig(f"rtsp://127.0.0.1:{port}/x"), replace(SHORT, connect_s=0.3)
        )
        for filler in fillers:
            filler.close()
    assert fault.code == "connect_timeout"


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
async def test_a_request_without_an_answer_is_bounded(server: ScriptedServer, method: str) -> None:
    async def silent(link: Link, request: Request) -> bool:
        return request.method == method

    server.script = silent
    fault = await first_fault(SourceConfig(server.url))
    assert fault.code == "no_answer"
    assert method in fault.text


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
async def test_a_connection_closed_instead_of_an_answer(
    server: ScriptedServer, method: str
) -> None:
    async def cut(link: Link, request: Request) -> bool:
        if request.method == method:
            link.writer.transport.abort()
        return request.method == method

    server.script = cut
    assert (await first_fault(SourceConfig(server.url))).code == "closed"


@pytest.mark.parametrize(
    "url", ["", "camera", "ftp://h/x", "rtsp://h:99999/", "rtsp://", "http://["]
)
async def test_an_address_that_is_none_waits_for_a_person(url: str) -> None:
    fault = await first_fault(SourceConfig(url))
    assert fault.code == "bad_address"
    assert fault.needs_person


async def test_silence_ends_the_session_and_the_next_one_plays(server: ScriptedServer) -> None:
    server.frames = False
    async with running(SourceConfig(server.url)) as (ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "silent"
        server.frames = True
        await catch.until(lambda: catch.video)
        assert ingest.state.phase is Phase.PLAYING
        assert ingest.state.fault is None
        assert ingest.statistics.last_fault == catch.faults[-1]


async def test_packets_without_a_picture_are_said_to_be_so(server: ScriptedServer) -> None:
    async def no_keys(link: Link, request: Request) -> bool:
        if request.method != "PLAY":
            return False
        link.reply(request, 200)
        for number in range(200):
            if link.writer.is_closing():
                break
            link.frame(number * 3600)
            await asyncio.sleep(0.02)
        return True

    server.script = no_keys
    fault = await first_fault(SourceConfig(server.url), replace(SHORT, first_key_frame_s=0.5))
    assert fault.code == "no_key_frame"


async def test_an_absurd_bit_rate_is_refused_and_not_asked_for_again_soon(
    server: ScriptedServer,
) -> None:
    limits = replace(SHORT, bitrate_bps=4_000, bitrate_over_s=0.3, backoff_longest_s=20.0)
    async with running(SourceConfig(server.url), limits) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "absurd_bitrate"
        waiting = next(s for s in catch.states if s.phase is Phase.WAITING)
        assert waiting.retry_in_s is not None
        assert 10.0 <= waiting.retry_in_s <= 20.0


async def test_an_absurd_resolution_is_refused(server: ScriptedServer) -> None:
    limits = replace(SHORT, side_pixels=64)
    async with running(SourceConfig(server.url), limits) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "absurd_resolution"
        assert catch.units == []


async def test_the_camera_cuts_the_connection_and_a_new_run_begins(
    server: ScriptedServer,
) -> None:
    async with running(SourceConfig(server.url)) as (ingest, catch):
        await catch.until(lambda: len(catch.video) > 12)
        server.links[-1].writer.transport.abort()
        await catch.until(lambda: len({u.run for u in catch.video}) == 2)
        assert ingest.statistics.reconnects == 1
    check_order(catch.units)
    assert catch.faults[0].code == "closed"


async def test_a_healthy_stretch_makes_the_next_wait_short_again(server: ScriptedServer) -> None:
    limits = replace(SHORT, backoff_first_s=0.01, backoff_longest_s=20.0, healthy_s=0.3)
    server.script = answering("DESCRIBE", 503)
    async with running(SourceConfig(server.url), limits) as (_ingest, catch):
        await catch.until(lambda: len(catch.faults) >= 5)
        waits = [s.retry_in_s for s in catch.states if s.phase is Phase.WAITING]
        assert waits[4] is not None
        assert waits[4] >= 0.1
        server.script = None
        await catch.until(lambda: len(catch.video) > 15)
        server.links[-1].writer.transport.abort()
        await catch.until(lambda: len(catch.faults) >= 6)
        last = [s.retry_in_s for s in catch.states if s.phase is Phase.WAITING][-1]
        assert last is not None
        assert last <= 0.1


async def test_retry_does_not_wait(server: ScriptedServer) -> None:
    limits = replace(SHORT, backoff_first_s=60.0, backoff_longest_s=120.0)
    server.script = answering("DESCRIBE", 503)
    async with running(SourceConfig(server.url), limits) as (ingest, catch):
        await catch.until(lambda: catch.faults)
        server.script = None
        ingest.retry()
        await catch.until(lambda: catch.video, 3)


async def test_one_bad_packet_closes_nothing(server: ScriptedServer) -> None:
    async with running(SourceConfig(server.url)) as (ingest, catch):
        await catch.until(lambda: len(catch.video) > 3)
        link = server.links[-1]
        for junk in (b"", b"\x80", b"\x00" * 40, b"\xff" * 13, b"\xa0" + b"\xff" * 30):
            link.send(b"$\x00" + len(junk).to_bytes(2, "big") + junk)
            link.send(b"$\x01" + len(junk).to_bytes(2, "big") + junk)
        link.send(b"\0\0 some words of the firmware \r\n")
        link.rtp(b"\x7c", 5)
        link.rtp(b"\x7c\x41" + b"x", 5, channel=9)
        seen = len(catch.video)
        await catch.until(lambda: len(catch.video) > seen + 15)
        assert catch.faults == []
        assert ingest.statistics.invalid_packets >= 5
        assert len({u.run for u in catch.video}) == 1
    check_order(catch.units)


async def test_lost_packets_damage_all_frames_until_the_next_key_frame(
    server: ScriptedServer,
) -> None:
    async with running(SourceConfig(server.url)) as (ingest, catch):
        await catch.until(lambda: len(catch.video) > 3)
        server.links[-1].sequence += 7
        await catch.until(lambda: any(u.damaged for u in catch.video))
        await catch.until(lambda: catch.video[-1].key and not catch.video[-1].damaged)
        first = next(n for n, u in enumerate(catch.video) if u.damaged)
        after = next(n for n, u in enumerate(catch.video) if n > first and u.key)
        assert all(u.damaged for u in catch.video[first:after])
        assert not any(u.damaged for u in catch.video[:first])
        await catch.until(lambda: ingest.statistics.lost_packets == 7)


async def test_video_of_another_kind_names_it_where_only_our_client_may_be_used(
    server: ScriptedServer,
) -> None:
    server.sdp = SDP.replace(b"H264/90000", b"H263-1998/90000")
    fault = await first_fault(SourceConfig(server.url, engine="native"))
    assert fault.code == "unsupported_video"
    assert "H263-1998" in fault.text


async def test_a_mistake_of_ours_is_logged_and_survived(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(SourceConfig(server.url)) as (_ingest, catch):
        await catch.until(lambda: len(catch.video) > 3)
        taken, catch.on_access_unit = catch.on_access_unit, None  # type: ignore[method-assign, assignment]
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "internal"
        catch.on_access_unit = taken  # type: ignore[method-assign]
        seen = len(catch.video)
        await catch.until(lambda: len(catch.video) > seen + 3)
    assert any(record.exc_info for record in caplog.records)
