"""Live viewers that are given another stream, and brought back to the wanted one."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from appliance.storage.model import StreamId, StreamName
from appliance.web.media import live, watch

NS = 1_000_000_000
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)


def units(gop: Any, start: int, stop: int, *, run: int = 1) -> list[Any]:
    now = time.time_ns()
    return [gop.unit(n, run=run, utc_ns=now + n * NS // 10) for n in range(start, stop)]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "FORMAT_WAIT_S": 0.2,
        "TRY_AGAIN_S": 0.05,
        "FALL_S": 0.1,
        "PROBE_S": 0.05,
        "STEADY_S": 0.05,
        "LOOK_S": 0.02,
    }.items():
        monkeypatch.setattr(watch, name, value)


@pytest.mark.parametrize(("wanted", "lesser"), [("main", "sub"), ("sub", "main"), ("auto", "main")])
async def test_the_wanted_stream_is_shown_from_a_key_frame_when_it_comes_back(
    recorder, gop, other_gop, connect, wanted, lesser
):
    streams = {"main": MAIN, "sub": SUB, "auto": SUB}
    recorder.add(MAIN, SUB)
    recorder.publish(streams[lesser], *units(gop, 0, 2))
    client = await connect()
    number = await client.open(stream=wanted)
    assert (await client.notice("opened", number))["stream"] == lesser
    recorder.publish(streams[wanted], *units(other_gop, 0, 3))
    back = await client.notice("opened", number, count=2)
    assert back["stream"] == streams[wanted].stream.value
    assert "reason" not in back
    pieces = await client.until(
        lambda: [m for m in client.media(number) if m.duration_us == 300_000]
    )
    assert pieces[0].key
    assert pieces[0].discontinuity
    recorder.publish(streams[lesser], *units(gop, 2, 3))
    recorder.publish(streams[wanted], *units(other_gop, 3, 4))
    await client.until(lambda: client.media(number)[-1].duration_us == 100_000)
    assert len(client.notices("opened", number)) == 2


async def test_the_lesser_stream_runs_on_until_the_wanted_one_is_there(recorder, gop, connect):
    recorder.add(MAIN, SUB)
    recorder.publish(SUB, *units(gop, 0, 1))
    client = await connect()
    number = await client.open(stream="main")
    await client.notice("opened", number)
    recorder.publish(SUB, *units(gop, 1, 6))
    await client.pieces(number, 6)
    assert not client.notices("fault", number)


async def test_a_stream_that_falls_silent_gives_way_and_the_reason_is_told(
    recorder, gop, other_gop, connect, monkeypatch
):
    monkeypatch.setattr(live, "SILENCE_S", 0.3)
    monkeypatch.setattr(live, "WATCH_S", 0.05)
    monkeypatch.setattr(watch, "PROBE_S", 1000.0)
    recorder.add(MAIN, SUB)
    recorder.publish(MAIN, *units(gop, 0, 2))
    recorder.publish(SUB, *units(other_gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main")
    await client.pieces(number, 1)
    assert (await client.notice("fault", number))["code"] == "no_picture"
    second = await client.notice("opened", number, count=2)
    assert second["stream"] == "sub"
    assert "main" in second["reason"]


async def test_why_nothing_else_is_shown_in_the_place_of_a_silent_stream_is_told(
    recorder, gop, hevc_gop, connect, monkeypatch
):
    monkeypatch.setattr(live, "WATCH_S", 0.05)
    other = StreamId(2, StreamName.MAIN)
    recorder.add(MAIN, SUB, other)
    recorder.publish(other, *units(hevc_gop, 0, 2))
    recorder.publish(MAIN, *units(hevc_gop, 0, 2))
    recorder.publish(SUB, *units(gop, 0, 2))
    client = await connect()
    first = await client.open(2, stream="main", codecs=["avc1"])
    await client.notice("opened", first)
    number = await client.open(stream="sub", codecs=["avc1"])
    await client.notice("opened", number)
    monkeypatch.setattr(live, "SILENCE_S", 0.3)

    def told() -> bool:
        recorder.publish(other, *units(hevc_gop, 20, 21))
        recorder.publish(MAIN, *units(hevc_gop, 20, 21))
        return "converting_other" in [n["code"] for n in client.notices("fault", number)]

    await _until(told)


async def test_a_stream_that_comes_and_goes_is_looked_for_less_and_less_often(
    recorder, gop, other_gop, connect, monkeypatch
):
    monkeypatch.setattr(live, "SILENCE_S", 0.15)
    monkeypatch.setattr(live, "WATCH_S", 0.02)
    waits: list[float] = []
    attach = watch.LiveWatch._attach

    def noted(self: watch.LiveWatch, choice: Any) -> None:
        waits.append(self._probe_s)
        attach(self, choice)

    monkeypatch.setattr(watch.LiveWatch, "_attach", noted)
    recorder.add(MAIN, SUB)
    recorder.publish(SUB, *units(other_gop, 0, 2))
    client = await connect()
    number = await client.open(stream="main")
    await client.notice("opened", number)
    for turn in range(2):
        # It sends until it is shown, then nothing for a while.
        sent = 0

        def shown(turn: int = turn) -> bool:
            nonlocal sent
            recorder.publish(MAIN, *units(gop, sent, sent + 1, run=turn + 5))
            recorder.publish(SUB, *units(other_gop, sent, sent + 1, run=turn + 5))
            sent += 1
            found = client.notices("opened", number)
            return bool(found) and found[-1]["stream"] == "main"

        await _until(shown)

        def fallen(turn: int = turn) -> bool:
            nonlocal sent
            recorder.publish(SUB, *units(other_gop, sent, sent + 1, run=turn + 5))
            sent += 1
            return client.notices("opened", number)[-1]["stream"] == "sub"

        await _until(fallen)
    assert waits[0] == watch.PROBE_S
    assert waits[-1] == 2 * waits[2] == 4 * waits[0]


async def _until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.02)
