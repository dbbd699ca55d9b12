"""The media socket between a recorder and its consumers."""

import asyncio
import json
from pathlib import Path

import pytest
from made_units import AUDIO, VIDEO, audio, video

from appliance.recording.hub import StreamHub
from appliance.recording.mediasock import open_blocks, protocol
from appliance.recording.mediasock.client import QUEUE_UNITS, MediaClient, RecorderAway, Refused
from appliance.recording.mediasock.open_blocks import OpenBlockCache
from appliance.recording.mediasock.server import MediaServer, OperationRefused
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.report import OpenBlock
from appliance.storage.tail import IndexedFragment

STREAM = StreamId(1, StreamName.MAIN)


@pytest.fixture
async def recorder(tmp_path):
    async def echo(request):
        if request.get("bad"):
            raise OperationRefused("no", "Not so.")
        return request["value"]

    hub = StreamHub(STREAM)
    server = MediaServer(tmp_path / "media.sock", {STREAM: hub}, {"echo": echo})
    await server.start()
    yield hub, server, tmp_path / "media.sock"
    await server.stop()


@pytest.fixture
async def client(recorder):
    made = MediaClient(recorder[2])
    await made.open()
    yield made
    await made.close()


async def take(subscription, count):
    got = []
    async for live in subscription:
        got.append(live)
        if len(got) == count:
            return got
    return got


async def test_a_subscriber_gets_the_current_gop_first_and_then_every_unit(recorder, client):
    hub = recorder[0]
    for n in range(13):
        hub.publish(video(n))
    subscription = await client.subscribe(STREAM)
    hub.publish(audio(7))
    hub.publish(video(13))
    got = await asyncio.wait_for(take(subscription, 5), 5)
    assert [live.catch_up for live in got] == [True, True, True, False, False]
    assert [live.unit for live in got] == [video(10), video(11), video(12), audio(7), video(13)]
    assert got[0].unit.format is got[1].unit.format
    assert got[0].unit.format == VIDEO
    assert got[3].unit.format == AUDIO


async def test_an_unknown_stream_is_refused_in_words(client):
    with pytest.raises(Refused, match="D9 has no main stream") as caught:
        await client.subscribe(StreamId(9, StreamName.MAIN))
    assert caught.value.code == "unknown_stream"


async def test_operations_answer_or_refuse(client):
    assert await client.request("echo", value=[1, 2]) == [1, 2]
    with pytest.raises(Refused, match="Not so"):
        await client.request("echo", bad=True)
    with pytest.raises(Refused, match="Unknown request"):
        await client.request("nonsense")


async def test_a_late_consumer_skips_to_the_next_key_frame_and_is_told_how_much_it_missed(
    recorder, client
):
    """Pain 16: a slow viewer sees a jump, not a growing delay.  D1-PL-08: nobody waits for it."""
    hub = recorder[0]
    subscription = await client.subscribe(STREAM)
    total = QUEUE_UNITS + 135
    for n in range(total):
        hub.publish(video(n, gop=100))
    await client.request("echo", value=1)
    got = await asyncio.wait_for(take(subscription, 1), 5)
    assert got[0].unit.key
    assert got[0].dropped == got[0].unit.pts // 9000
    await subscription.close()


async def test_the_end_of_the_recorder_ends_the_iteration(recorder, client):
    subscription = await client.subscribe(STREAM)
    await recorder[1].stop()
    with pytest.raises(RecorderAway):
        await asyncio.wait_for(take(subscription, 1), 5)
    with pytest.raises(RecorderAway):
        await client.request("echo", value=1)


async def test_no_recorder_is_said_at_once(tmp_path):
    with pytest.raises(RecorderAway):
        await MediaClient(tmp_path / "nobody.sock").open()


async def test_garbage_ends_only_that_connection(recorder, client):
    reader, writer = await asyncio.open_unix_connection(str(recorder[2]))
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert await client.request("echo", value=3) == 3


async def test_unsubscribing_detaches_from_the_hub(recorder, client):
    hub = recorder[0]
    subscription = await client.subscribe(STREAM)
    assert hub.consumers == 1
    await subscription.close()
    assert hub.consumers == 0


def test_formats_survive_the_socket():
    for track in (VIDEO, AUDIO):
        assert protocol.format_from_json(protocol.format_to_json(track)) == track


@pytest.mark.parametrize("broken", [{}, {"kind": "video"}, {"kind": "audio", "codec": "x"}])
def test_a_broken_format_is_a_protocol_error(broken):
    with pytest.raises(protocol.ProtocolError):
        protocol.format_from_json(broken)


def test_open_blocks_are_told_whole_once_and_then_only_what_is_new():
    def block(count, number=1, locked=False):
        fragments = [
            IndexedFragment(
                4096 * n,
                4096,
                8192,
                n * 10**9,
                10**9,
                7,
                RecordKind.GENERAL,
                n == 0,
                n,
                media_shift=90 * n,
                has_key=(True, False, None)[n % 3],
            )
            for n in range(count)
        ]
        return OpenBlock("v", Path("/x/1.mp4"), number, 2, 3, STREAM, b"head", fragments, locked)

    cache = OpenBlockCache()
    first = open_blocks.answer([block(3)], cache.known())
    assert cache.update(json.loads(json.dumps(first))) == [block(3)]
    second = open_blocks.answer([block(5, locked=True), block(1, number=9)], cache.known())
    assert len(second[0]["fragments"]) == 2
    assert "head" not in second[0]
    assert cache.update(json.loads(json.dumps(second))) == [
        block(5, locked=True),
        block(1, number=9),
    ]
    assert cache.update(open_blocks.answer([], cache.known())) == []
