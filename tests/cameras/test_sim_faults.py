"""Faults come when asked for, and end."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from itertools import pairwise

import pytest

from appliance.cameras.sim.errors import SimulatorError, SpecError, UnknownNameError
from appliance.cameras.sim.faults import apply_fault


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_refuse_closes_the_port_and_opens_it_again(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    camera, url = simulator.camera("cam1"), simulator.url("cam1")
    client = await open_client(url)
    await client.play()
    await camera.refuse()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await client.rtp(100_000)
    with pytest.raises(ConnectionRefusedError):
        await open_client(url)
    await camera.refuse(on=False)
    assert (await (await open_client(url)).play()).status == 200


async def test_stall_is_silent_on_an_open_connection_until_cleared(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick())
    camera = simulator.camera("cam1")
    client = await open_client(simulator.url("cam1"))
    await client.play()
    await client.rtp(5)
    camera.stall()
    before = camera.streams["main"].log.count
    client.send("OPTIONS")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            while not hasattr(await client.item(), "status"):
                pass
    assert camera.streams["main"].log.count == before
    await camera.clear()
    assert await client.rtp(5)


async def test_stall_of_one_stream_leaves_the_other_alone(
    start_cameras, open_client, quick
) -> None:
    spec = quick()
    simulator = await start_cameras(quick(sub=spec.main))
    camera = simulator.camera("cam1")
    for stream in ("main", "sub"):
        await (await open_client(simulator.url("cam1", stream))).play()
    camera.stall(stream="sub")
    before = {name: stream.log.count for name, stream in camera.streams.items()}
    await until(lambda: camera.streams["main"].log.count > before["main"] + 10)
    assert camera.streams["sub"].log.count == before["sub"]


async def test_drop_cuts_connections_but_takes_new_ones(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    simulator.camera("cam1").drop()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await client.rtp(100_000)
    assert (await (await open_client(simulator.url("cam1"))).play()).status == 200


async def test_lose_drops_the_wanted_share_of_udp_packets(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick())
    camera = simulator.camera("cam1")
    camera.lose(20)
    client = await open_client(simulator.url("cam1"))
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.setblocking(False)
    port = receiver.getsockname()[1]
    await client.describe()
    await client.setup(0, f"RTP/AVP;unicast;client_port={port}-{port}")
    await client.ask("PLAY")
    loop = asyncio.get_running_loop()
    numbers = []
    async with asyncio.timeout(20):
        while len(numbers) < 200:
            data = await loop.sock_recv(receiver, 65_536)
            if 64 <= data[1] & 127 < 96:
                continue
            numbers.append(struct.unpack(">H", data[2:4])[0])
    receiver.close()
    span = ((numbers[-1] - numbers[0]) & 0xFFFF) + 1
    assert 0.08 < 1 - len(numbers) / span < 0.35


async def test_reboot_comes_back_with_new_identities(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    camera, url = simulator.camera("cam1"), simulator.url("cam1")
    client = await open_client(url)
    await client.play()
    first = (await client.rtp(1))[0]
    camera.reboot(0.2)
    with pytest.raises(ConnectionRefusedError):
        await open_client(url)
    await until(lambda: camera.status()["listening"])
    client = await open_client(url)
    await client.play()
    assert (await client.rtp(1))[0].ssrc != first.ssrc


async def test_changed_passwords_count_for_new_requests_only(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick())
    camera, old = simulator.camera("cam1"), simulator.url("cam1")
    playing = await open_client(old)
    await playing.play()
    camera.change_password("something else")
    assert await playing.rtp(20)
    assert (await (await open_client(old)).describe()).status == 401
    assert camera.gate.refused == 1
    assert (await (await open_client(simulator.url("cam1"))).describe()).status == 200


def sizes_of(packets) -> list[bytes]:
    return [p.payload for p in packets if p.payload[0] & 31 == 7]


async def test_parameters_change_once_in_mid_stream(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    before = set(sizes_of(await client.rtp(60)))
    await simulator.camera("cam1").change_parameters()
    assert len(before) == 1
    async with asyncio.timeout(20):
        while not (after := set(sizes_of(await client.rtp(30))) - before):
            pass
    assert set(sizes_of(await client.rtp(100))) == after


async def test_parameters_change_again_and_again(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    await simulator.camera("cam1").change_parameters(every_s=0.3)
    packets = []
    async with asyncio.timeout(20):
        while sum(a != b for a, b in pairwise(sizes_of(packets))) < 3:
            packets += await client.rtp(50)
    stamps = [p.timestamp for p in packets if p.marker]
    steps = [(b - a) & 0xFFFFFFFF for a, b in pairwise(stamps)]
    assert max(steps) < 90_000


async def test_live_cameras_say_that_they_have_one_set_of_parameters(start_cameras, quick) -> None:
    simulator = await start_cameras(quick(live=True))
    with pytest.raises(SimulatorError, match="use another camera"):
        await simulator.camera("cam1").change_parameters()


async def test_a_clock_step_shows_in_the_next_report_and_not_in_rtp_time(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()

    async def offset() -> tuple[float, int]:
        frames = await client.frames(lambda got: any(c == 1 for c, _ in got))
        report = [data for channel, data in frames if channel == 1][-1]
        _, seconds, part, rtp_time = struct.unpack(">4xIIII", report[:20])
        return seconds + part / 2**32 - rtp_time / 90_000, rtp_time

    before, rtp_before = await offset()
    simulator.camera("cam1").step_clock(3600)
    after, rtp_after = await offset()
    wrap = 2**32 / 90_000
    assert (after - before) % wrap == pytest.approx(3600, abs=0.01)
    assert (rtp_after - rtp_before) & 0xFFFFFFFF < 10 * 90_000


async def steps_after(client, act) -> list[int]:
    """Differences of RTP time between frames, signed, from before to after the fault."""
    packets = await client.rtp(12)
    act()
    packets += await client.rtp(80)
    stamps = [p.timestamp for p in packets if p.marker]
    raw = [(b - a) & 0xFFFFFFFF for a, b in pairwise(stamps)]
    return [step - 2**32 if step >= 2**31 else step for step in raw]


async def test_timestamps_jump(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    steps = await steps_after(client, lambda: simulator.camera("cam1").jump_timestamps(100))
    assert 9_000_000 + 1800 in steps


async def test_timestamps_repeat(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    steps = await steps_after(client, lambda: simulator.camera("cam1").repeat_timestamps(4))
    assert steps.count(0) == 4
    assert 5 * 1800 in steps


async def test_timestamps_run_backwards(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    steps = await steps_after(client, lambda: simulator.camera("cam1").reverse_timestamps(5))
    assert steps.count(-1800) == 4


async def test_wrong_faults_and_arguments_are_told_all_at_once(start_cameras, quick) -> None:
    camera = (await start_cameras(quick())).camera("cam1")
    with pytest.raises(UnknownNameError, match="there are: refuse, stall"):
        await apply_fault(camera, "explode", {})
    with pytest.raises(SpecError) as caught:
        await apply_fault(camera, "reboot", {"secnods": 3})
    assert re.search("secnods: unknown.*seconds: missing", caught.value.text)
