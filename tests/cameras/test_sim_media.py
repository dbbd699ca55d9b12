"""What the simulated camera sends is whole, in time, and what its log says."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import time
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import av
import pytest

from appliance.cameras.sim.nal import split_annex_b
from appliance.cameras.sim.specs import AudioSpec, StreamSpec, VideoSpec


def depacketise(codec: str, packets) -> list[tuple[int, list[bytes]]]:
    """Put NAL units together by hand: (RTP time, units) of each marked access unit."""
    out: list[tuple[int, list[bytes]]] = []
    units: list[bytes] = []
    fu, at = (28, 1) if codec == "h264" else (49, 2)
    for packet in packets:
        data = packet.payload
        kind = data[0] & 31 if codec == "h264" else data[0] >> 1 & 63
        if kind == fu:
            header = data[at]
            if header & 128:
                if codec == "h264":
                    head = bytes(((data[0] & 0xE0) | (header & 31),))
                else:
                    head = bytes(((data[0] & 0x81) | (header & 63) << 1, data[1]))
                units.append(head)
            units[-1] += data[at + 1 :]
        else:
            units.append(data)
        if packet.marker:
            out.append((packet.timestamp, units))
            units = []
    return out


def vcl_digest(codec: str, units: list[bytes]) -> str:
    """The digest the product's tests compare, written down a second time."""
    digest = hashlib.sha256()
    for unit in units:
        kind = unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63
        if (1 <= kind <= 5) if codec == "h264" else kind < 32:
            digest.update(len(unit).to_bytes(4, "big") + unit)
    return digest.hexdigest()[:32]


def decode(codec: str, access_units: list[bytes]) -> int:
    """Return how many pictures a decoder makes of them; errors are raised."""
    context = av.CodecContext.create({"h264": "h264", "h265": "hevc"}.get(codec, codec), "r")
    context.options = {"err_detect": "explode"}
    context.thread_count = 1
    count = 0
    for data in access_units:
        count += len(context.decode(av.Packet(data)))
    return count + len(context.decode(None))


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("bframes", [0, 2])
async def test_the_log_holds_exactly_what_came_over_the_wire(
    start_cameras, open_client, quick, codec: str, bframes: int
) -> None:
    video = VideoSpec(codec, 192, 128, Fraction(50), 10, bframes, 800_000)
    simulator = await start_cameras(quick(main=StreamSpec(video)))
    client = await open_client(simulator.url("cam1"))
    await client.play()
    received = depacketise(codec, await client.rtp(150))
    sent = [
        unit for unit in simulator.camera("cam1").streams["main"].log.since() if unit.track == 0
    ]
    assert len(received) > 20
    assert [(stamp, vcl_digest(codec, units)) for stamp, units in received] == [
        (unit.rtp_time, unit.digest) for unit in sent[: len(received)]
    ]
    assert all(unit.sessions == 1 and unit.skipped == 0 for unit in sent)


@pytest.mark.parametrize("codec", ["h264", "h265"])
async def test_pictures_decode_over_the_seam_of_the_loop(
    start_cameras, open_client, quick, codec: str
) -> None:
    video = VideoSpec(codec, 192, 128, Fraction(50), 10, 2, 400_000)
    simulator = await start_cameras(quick(main=StreamSpec(video), loop_s=1))
    client = await open_client(simulator.url("cam1"))
    await client.play()
    packets = await client.frames(lambda got: len(got) >= 260)
    from_wire = [data for channel, data in packets if channel == 0]
    units = depacketise(codec, [_packet(data) for data in from_wire])
    keys = [i for i, (_, nals) in enumerate(units) if _is_key(codec, nals)]
    whole = units[keys[0] : keys[-1]]
    assert len(whole) > 55
    data = [b"".join(b"\0\0\0\1" + nal for nal in nals) for _, nals in whole]
    assert decode(codec, data) == len(whole)
    stamps = sorted((stamp - whole[0][0]) & 0xFFFFFFFF for stamp, _ in whole)
    assert {b - a for a, b in pairwise(stamps)} == {1800}


def _packet(data: bytes) -> SimpleNamespace:
    return SimpleNamespace(
        marker=bool(data[1] & 128),
        timestamp=int.from_bytes(data[4:8], "big"),
        payload=data[12:],
    )


def _is_key(codec: str, nals: list[bytes]) -> bool:
    kinds = [nal[0] & 31 if codec == "h264" else nal[0] >> 1 & 63 for nal in nals]
    return 5 in kinds if codec == "h264" else any(16 <= kind <= 21 for kind in kinds)


async def test_sender_reports_tell_the_utc_of_the_frame_they_go_with(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    frames = await client.frames(lambda got: sum(c == 1 for c, _ in got) >= 3)
    now = time.time()
    log = {unit.rtp_time: unit for unit in simulator.camera("cam1").streams["main"].log.since()}
    for channel, data in frames:
        if channel != 1:
            continue
        _, seconds, part, rtp_time = struct.unpack(">4xIIII", data[:20])
        utc = seconds - 2_208_988_800 + part / 2**32
        assert utc == pytest.approx(log[rtp_time].utc_ns / 1e9, abs=1e-6)
        assert abs(now - utc) < 5


async def test_frames_leave_when_they_were_taken(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    client = await open_client(simulator.url("cam1"))
    await client.play()
    delays = []
    log = simulator.camera("cam1").streams["main"].log
    while len(delays) < 20:
        await client.rtp(1)
        *_, last = log.since()
        delays.append(time.time() - last.utc_ns / 1e9)
    assert min(delays) > -0.05
    assert sorted(delays)[10] < 0.1


async def test_identities_differ_between_cameras_and_starts(start_cameras, quick) -> None:
    seen = set()
    for number in range(3):
        simulator = await start_cameras(quick(name=f"cam{number}"))
        sender = simulator.camera(f"cam{number}").streams["main"].senders[0]
        seen |= {sender.ssrc, sender.rtp_base}
    assert len(seen) == 6


async def test_rtp_info_names_the_first_packet(quirky) -> None:
    client = await quirky()
    info = (await client.play()).header("rtp-info").split(",")[0]
    first = (await client.rtp(1))[0]
    assert info.endswith(f";seq={first.sequence};rtptime={first.timestamp}")


async def test_two_clients_get_the_same_packets(start_cameras, open_client, quick) -> None:
    simulator = await start_cameras(quick())
    clients = [await open_client(simulator.url("cam1")) for _ in range(2)]
    for client in clients:
        await client.play()
    both = [{p.sequence: p.payload for p in await client.rtp(60)} for client in clients]
    common = both[0].keys() & both[1].keys()
    assert len(common) > 20
    assert all(both[0][key] == both[1][key] for key in common)


async def test_a_client_that_does_not_read_is_skipped_and_counted(
    start_cameras, open_client, quick, monkeypatch
) -> None:
    monkeypatch.setattr("appliance.cameras.sim.outlets._HIGH_WATER", 50_000)
    video = VideoSpec("mjpeg", 640, 480, Fraction(50), 1, 0, 40_000_000)
    simulator = await start_cameras(quick(main=StreamSpec(video), loop_s=1))
    client = await open_client(simulator.url("cam1"))
    await client.play()
    client.writer.transport.pause_reading()
    log = simulator.camera("cam1").streams["main"].log
    async with asyncio.timeout(20):
        while not any(unit.skipped for unit in log.since()):
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("codec", ["mjpeg", "mpeg4"])
async def test_other_codings_carry_a_frame_per_timestamp(quirky, codec: str) -> None:
    client = await quirky(codec=codec)
    body = (await client.describe()).body
    assert ("a=rtpmap:26 JPEG/90000" if codec == "mjpeg" else "MP4V-ES/90000") in body
    await client.play()
    packets = await client.rtp(60)
    ends = [p.timestamp for p in packets if p.marker]
    assert len(ends) == len(set(ends)) > 5


@pytest.mark.parametrize(
    ("audio", "rtpmap", "step"),
    [
        (AudioSpec("aac", 48_000, 2), "MPEG4-GENERIC/48000/2", 1024),
        (AudioSpec("pcma", 8_000), "PCMA/8000", 320),
        (AudioSpec("pcmu", 8_000), "PCMU/8000", 320),
        (AudioSpec("l16", 16_000, packet_ms=10), "L16/16000", 160),
        (AudioSpec("g726", 8_000), "G726-32/8000", 320),
        (AudioSpec("opus", 48_000), "opus/48000/2", 960),
    ],
)
async def test_sound_is_described_and_stamped(
    quirky, audio: AudioSpec, rtpmap: str, step: int
) -> None:
    client = await quirky(audio=audio)
    assert rtpmap in (await client.describe()).body
    await client.play()
    stamps = [p.timestamp for p in await client.rtp(5, channel=2)]
    assert {(b - a) & 0xFFFFFFFF for a, b in pairwise(stamps)} == {step}


async def test_live_cameras_encode_while_watched_and_stop_after(
    start_cameras, open_client, quick
) -> None:
    video = VideoSpec("h264", 320, 180, Fraction(25), 250, 2, 300_000)
    simulator = await start_cameras(quick(main=StreamSpec(video), live=True, scene="reception"))
    camera = simulator.camera("cam1")
    client = await open_client(simulator.url("cam1"))
    await client.play()
    units = depacketise("h264", await client.rtp(40))
    assert _is_key("h264", units[0][1])
    data = [b"".join(b"\0\0\0\1" + nal for nal in nals) for _, nals in units]
    assert decode("h264", data) == len(units)
    assert camera._live
    client.close()
    async with asyncio.timeout(5):
        while camera._live:
            await asyncio.sleep(0.005)


def test_annex_b_is_split_at_both_kinds_of_start_code() -> None:
    assert split_annex_b(b"\0\0\0\1\x67ab\0\0\1\x68c\0\0\0\1\x65d\0") == [b"gab", b"hc", b"ed\0"]
