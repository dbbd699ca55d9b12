"""The simulated camera's RTSP manners: passwords, transports, sessions, their end."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from itertools import pairwise

import pytest

from appliance.cameras.sim.specs import AudioSpec, small_camera


async def test_options_lists_what_the_camera_speaks_without_a_password(quirky) -> None:
    reply = await (await quirky()).ask("OPTIONS", login=False)
    assert reply.status == 200
    assert {"DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER"} <= set(
        reply.header("public").split(", ")
    )


@pytest.mark.parametrize(
    ("auth", "hashing", "offer"),
    [
        (("digest-md5",), "MD5", r'Digest realm="[^"]+", nonce="[0-9a-f]{32}"$'),
        (("digest-sha256",), "SHA-256", r'Digest .*algorithm=SHA-256, qop="auth"$'),
        (("basic",), "basic", r"Basic realm="),
    ],
)
async def test_the_right_password_opens_and_a_wrong_one_does_not(
    quirky, auth: tuple[str, ...], hashing: str, offer: str
) -> None:
    client = await quirky(auth=auth)
    client.hashing = hashing
    refused = await client.ask("DESCRIBE", login=False)
    assert refused.status == 401
    assert re.match(offer, refused.headers["www-authenticate"][0])
    assert (await client.describe()).status == 200
    client.password = "wrong"
    assert (await client.describe()).status == 401


async def test_a_camera_locks_after_too_many_wrong_passwords(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick(lock_after=2))
    client = await open_client(simulator.url("cam1"))
    right, client.password = client.password, "wrong"
    for _ in range(2):
        assert (await client.describe()).status == 401
    client.password = right
    assert (await client.describe()).status == 401
    assert simulator.camera("cam1").gate.locked


async def test_an_open_camera_asks_for_no_password(quirky) -> None:
    assert (await (await quirky(auth=())).ask("DESCRIBE", login=False)).status == 200


async def test_unknown_streams_and_methods_and_transports_are_refused(quirky) -> None:
    client = await quirky(transports=("tcp",))
    assert (await client.ask("DESCRIBE", client.url.replace("main", "third"))).status == 404
    assert (await client.ask("RECORD")).status == 501
    assert (await client.setup(7)).status == 404
    assert (await client.setup(0, "RTP/AVP;unicast;client_port=5000-5001")).status == 461
    assert (await client.ask("PLAY")).status == 454


async def test_of_several_transports_the_first_possible_is_taken(quirky) -> None:
    client = await quirky(transports=("tcp",))
    await client.describe()
    offer = "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=4-5"
    assert "interleaved=4-5" in (await client.setup(0, offer)).header("transport")


async def test_a_session_without_keep_alive_ends_after_its_timeout(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick(session_timeout_s=0.3))
    client = await open_client(simulator.url("cam1"))
    assert "timeout=0.3" in (await client.play()).header("session")
    with pytest.raises(asyncio.IncompleteReadError):
        await client.rtp(100_000)
    assert simulator.camera("cam1").sessions_expired == 1


async def test_keep_alive_holds_a_session_open(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick(session_timeout_s=0.3))
    client = await open_client(simulator.url("cam1"))
    await client.play()
    for _ in range(20):
        await client.rtp(5)
        assert (await client.ask("GET_PARAMETER")).status == 200
    assert simulator.camera("cam1").sessions_expired == 0


async def test_teardown_ends_the_session_and_the_connection(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    assert (await client.ask("TEARDOWN")).status == 200
    assert await asyncio.wait_for(client.reader.read(), 5) == b""
    assert not simulator.camera("cam1").streams["main"].listeners


async def test_pause_stops_the_media_until_play(quirky) -> None:
    client = await quirky()
    await client.play()
    await client.rtp(5)
    await client.ask("PAUSE")
    assert (await client.ask("OPTIONS")).status == 200
    before = len(client.order)
    assert (await client.ask("OPTIONS")).status == 200
    assert client.order[before:] == ["OPTIONS"]
    await client.ask("PLAY")
    assert await client.rtp(5)


async def test_seen_requests_hold_no_password(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    url = simulator.url("cam1")
    client = await open_client(url)
    client.send("OPTIONS", url)
    await client.item()
    camera = simulator.camera("cam1")
    assert camera.requests[-1].url == url.replace("admin:camera@", "***@")
    assert "camera@" not in str(camera.status())


async def receive(sockets: list[socket.socket], count: int) -> list[list[bytes]]:
    """Read datagrams from non-blocking sockets until the first has `count`."""
    loop = asyncio.get_running_loop()
    found: list[list[bytes]] = [[] for _ in sockets]

    async def read(number: int) -> None:
        while True:
            found[number].append(await loop.sock_recv(sockets[number], 65_536))

    tasks = [asyncio.create_task(read(number)) for number in range(len(sockets))]
    async with asyncio.timeout(10):
        while len(found[0]) < count or not found[-1]:
            await asyncio.sleep(0.005)
    for task in tasks:
        task.cancel()
    return found


def udp_ports() -> tuple[list[socket.socket], int]:
    """Two neighbouring ports of our own."""
    while True:
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        try:
            sockets[0].bind(("127.0.0.1", 0))
            port = sockets[0].getsockname()[1]
            sockets[1].bind(("127.0.0.1", port + 1))
        except OSError:
            for item in sockets:
                item.close()
            continue
        for item in sockets:
            item.setblocking(False)
        return sockets, port


async def test_udp_brings_rtp_and_rtcp_to_the_ports_asked_for(quirky, parse_rtp) -> None:
    client = await quirky()
    sockets, port = udp_ports()
    await client.describe()
    reply = await client.setup(0, f"RTP/AVP;unicast;client_port={port}-{port + 1}")
    server = re.search(r"server_port=(\d+)-(\d+)", reply.header("transport"))
    assert int(server[2]) == int(server[1]) + 1
    await client.ask("PLAY")
    rtp, rtcp = await receive(sockets, 40)
    numbers = [parse_rtp(data).sequence for data in rtp]
    assert [(b - a) & 0xFFFF for a, b in pairwise(numbers)] == [1] * (len(numbers) - 1)
    assert rtcp[0][1] == 200
    for item in sockets:
        item.close()


async def test_multicast_is_shared_by_all_viewers(
    start_cameras, open_client, quick, parse_rtp
) -> None:
    simulator = await start_cameras(quick())
    clients = [await open_client(simulator.url("cam1")) for _ in range(2)]
    groups = set()
    for client in clients:
        await client.describe()
        reply = await client.setup(0, "RTP/AVP;multicast")
        found = re.search(r"destination=([\d.]+);port=(\d+)-", reply.header("transport"))
        groups.add((found[1], int(found[2])))
    assert len(groups) == 1
    group, port = groups.pop()
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((group, port))
    member = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
    try:
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError as error:
        pytest.skip(f"no multicast on loopback here: {error}")
    listener.setblocking(False)
    for client in clients:
        await client.ask("PLAY")
    [packets] = await receive([listener], 40)
    numbers = [parse_rtp(data).sequence for data in packets]
    assert len(set(numbers)) == len(numbers)
    listener.close()


async def test_rtsps_speaks_the_same_inside_tls(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick(tls=True))
    url = simulator.url("cam1")
    assert url.startswith("rtsps://")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client = await open_client(url, ssl=context)
    await client.play()
    assert len(await client.rtp(20)) >= 20


async def test_ipv6_cameras_answer_on_their_address(loop_cache, open_client, quick) -> None:
    from appliance.cameras.sim.simulator import Simulator

    async with Simulator([quick()], cache=loop_cache, host="::1") as simulator:
        client = await open_client(simulator.url("cam1"))
        assert (await client.play()).status == 200


async def test_what_is_not_rtsp_ends_the_connection(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    client.writer.write(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
    assert await asyncio.wait_for(client.reader.read(), 5) == b""


async def test_main_and_sub_show_the_same_instant(start_cameras, open_client) -> None:
    simulator = await start_cameras(small_camera(rtcp_interval_s=0.1, main=small_camera().main))
    offsets = []
    for stream in ("main", "sub"):
        client = await open_client(simulator.url("cam1", stream))
        await client.play()
        frames = await client.frames(lambda got: any(c == 1 for c, _ in got))
        report = next(data for channel, data in frames if channel == 1)
        _, seconds, part, rtp_time = struct.unpack(">4xIIII", report[:20])
        base = simulator.camera("cam1").streams[stream].senders[0].rtp_base
        media = ((rtp_time - base) & 0xFFFFFFFF) / 90_000
        offsets.append(seconds + part / 2**32 - media)
    assert offsets[0] == pytest.approx(offsets[1], abs=1e-4)


async def test_sound_packets_of_g711_follow_the_wanted_length(quirky) -> None:
    client = await quirky(audio=AudioSpec("pcmu", 8_000, packet_ms=20))
    await client.play()
    assert {len(p.payload) for p in await client.rtp(4, channel=2)} == {160}
