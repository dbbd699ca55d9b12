"""Against the simulated camera: transports, TLS, and what happens to cameras in the field."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from ingest_bench import Catch, check_order, running

from appliance.cameras.sim.camera import Camera
from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.simulator import Simulator
from appliance.cameras.sim.specs import AudioSpec, CameraSpec, StreamSpec, VideoSpec
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.ingest import Ingest
from appliance.recording.ingest.probe import probe
from appliance.recording.ingest.state import Phase

LIMITS = Limits(
    answer_s=1.5, silence_s=1.0, tick_s=0.1, backoff_first_s=0.05, backoff_longest_s=0.3
)
BASE = CameraSpec(
    "x", title="camera", main=StreamSpec(VideoSpec(fps=Fraction(20), gop=10), AudioSpec())
)


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loops")


@pytest.fixture
def play(loops: Path) -> Callable[..., object]:
    @asynccontextmanager
    async def run(
        transport: str = "tcp", **changes: object
    ) -> AsyncIterator[tuple[Camera, Ingest, Catch]]:
        async with Simulator([replace(BASE, **changes)], cache=loops) as simulator:  # type: ignore[arg-type]
            config = SourceConfig(simulator.url("x"), transport=transport)  # type: ignore[arg-type]
            async with running(config, LIMITS) as (ingest, catch):
                await catch.until(lambda: len(catch.video) > 5)
                yield simulator.camera("x"), ingest, catch

    return run


@pytest.mark.parametrize("transport", ["tcp", "udp", "multicast"])
async def test_n3_14_transports(play, transport: str) -> None:
    async with play(transport) as (camera, ingest, catch):
        await catch.until(lambda: len(catch.video) > 30 and catch.audio)
        assert ingest.statistics.transport == transport
        assert ingest.statistics.lost_packets == 0
    assert catch.faults == []
    check_order(catch.units)
    assert not any(u.damaged for u in catch.units)
    assert [r.method for r in camera.requests][-1] == "TEARDOWN"


async def test_lost_udp_packets_damage_frames_up_to_a_key_frame_and_no_more(play) -> None:
    async with play("udp", session_timeout_s=4.0) as (camera, ingest, catch):
        camera.lose(8.0)
        await catch.until(lambda: len(catch.video) > 50, 20)
        camera.lose(0.0)
        await catch.until(lambda: ingest.statistics.lost_packets > 0)
        seen = len(catch.video)
        await catch.until(lambda: len(catch.video) > seen + 25)
    assert catch.faults == []
    check_order(catch.units)
    flags = [(u.key, u.damaged) for u in catch.video]
    assert any(damaged for _key, damaged in flags)
    for (_key, before), (key, damaged) in itertools.pairwise(flags):
        assert not (before and not key and not damaged), "nothing heals before a key frame"
    assert not any(damaged for _key, damaged in flags[-10:])


async def test_the_first_certificate_is_kept_and_another_one_refused(loops: Path) -> None:
    seen: list[str] = []
    async with Simulator([replace(BASE, tls=True)], cache=loops) as simulator:
        config = SourceConfig(simulator.url("x"))
        async with running(config, LIMITS, on_fingerprint=seen.append) as (ingest, catch):
            await catch.until(lambda: catch.video)
            assert ingest.statistics.transport == "tls"
        assert len(seen) == 1
        assert len(seen[0]) == 64
        known = replace(config, tls_fingerprint=seen[0].upper())
        async with running(known, LIMITS, on_fingerprint=seen.append) as (_ingest, catch):
            await catch.until(lambda: catch.video)
        assert len(seen) == 1
        before = len(simulator.camera("x").requests)
        changed = replace(config, tls_fingerprint="ab" * 32)
        async with running(changed, LIMITS) as (_ingest, catch):
            await catch.until(lambda: catch.faults)
            assert catch.faults[0].code == "certificate_changed"
        assert len(simulator.camera("x").requests) == before, "nothing was said to a stranger"
        result = await probe(config, 10)
        assert result.fingerprint == seen[0]


async def test_plain_rtsp_to_an_encrypted_port_names_the_way_out(loops: Path) -> None:
    async with Simulator([replace(BASE, tls=True)], cache=loops) as simulator:
        url = simulator.url("x").replace("rtsps://", "rtsp://")
        async with running(SourceConfig(url), LIMITS) as (_ingest, catch):
            await catch.until(lambda: catch.faults)
            assert catch.faults[0].code in ("closed", "needs_tls", "no_answer")
        async with running(SourceConfig(url, transport="tls"), LIMITS) as (_ingest, catch):
            await catch.until(lambda: catch.video)


async def test_b_frames_are_stamped_in_decoding_order(play) -> None:
    video = VideoSpec(fps=Fraction(20), gop=20, bframes=2, preset="veryfast")
    async with play(main=StreamSpec(video, None)) as (_camera, _ingest, catch):
        await catch.until(lambda: len(catch.video) > 60)
    check_order(catch.units)
    first = catch.video[0]
    assert first.dts == 0
    assert first.pts in (4500 * depth for depth in (1, 2, 3))
    assert any(b.pts < a.pts for a, b in itertools.pairwise(catch.video))
    shown = sorted(u.pts for u in catch.video[:50])[:-4]
    assert all(abs(b - a - 4500) < 451 for a, b in itertools.pairwise(shown))


async def test_the_run_goes_on_when_the_parameters_change(play) -> None:
    async with play() as (camera, _ingest, catch):
        await camera.change_parameters()
        await catch.until(lambda: len({u.format for u in catch.video}) == 2)
        seen = len(catch.video)
        await catch.until(lambda: len(catch.video) > seen + 10)
    assert catch.faults == []
    assert len({u.run for u in catch.units}) == 1
    changed = next(u for u in catch.video if u.format != catch.video[0].format)
    assert changed.key
    check_order(catch.units)


async def test_a_leap_of_the_media_clock_begins_a_new_run_and_loses_nothing(play) -> None:
    async with play() as (camera, _ingest, catch):
        await catch.until(lambda: len(catch.video) > 12)
        camera.jump_timestamps(3600)
        await catch.until(lambda: len({u.run for u in catch.video}) == 2)
        seen = len(catch.video)
        await catch.until(lambda: len(catch.video) > seen + 12)
        assert catch.audio[-1].run == catch.video[-1].run
    assert catch.faults == []
    check_order(catch.units)
    # Every frame between the leap and the next key frame came out, one after the other.
    assert [u.key for u in catch.video] == [n % 10 == 0 for n in range(len(catch.video))]
    old = [u for u in catch.video if u.run == catch.video[0].run]
    assert all(0 < b.dts - a.dts < 20_000 for a, b in itertools.pairwise(old))
    utc = [u.utc_ns for u in catch.video]
    assert all(abs(b - a - 50_000_000) < 40_000_000 for a, b in itertools.pairwise(utc))


async def test_repeated_and_backward_stamps_are_put_in_order(play) -> None:
    async with play() as (camera, _ingest, catch):
        camera.repeat_timestamps(3)
        seen = len(catch.video)
        await catch.until(lambda: len(catch.video) > seen + 12)
        camera.reverse_timestamps(3)
        seen = len(catch.video)
        await catch.until(lambda: len(catch.video) > seen + 25)
    assert catch.faults == []
    check_order(catch.units)


async def test_pain_3_a_camera_that_reboots_comes_back_by_itself(play) -> None:
    async with play() as (camera, ingest, catch):
        camera.reboot(1.0)
        await catch.until(lambda: catch.faults)
        await catch.until(lambda: len({u.run for u in catch.video}) == 2)
        assert ingest.state.phase is Phase.PLAYING
        assert ingest.statistics.reconnects == 1
    assert {f.code for f in catch.faults} <= {"closed", "connection_refused"}
    check_order(catch.units)


async def test_a_camera_that_was_away_for_long_is_tried_as_soon_as_it_answers(loops: Path) -> None:
    """The wait has grown to a minute by then; a look at the port every moment cuts it short."""
    limits = replace(LIMITS, backoff_first_s=60.0, backoff_longest_s=60.0, knock_s=0.1)
    async with Simulator([BASE], cache=loops) as simulator:
        camera = simulator.camera("x")
        await camera.refuse()
        async with running(SourceConfig(simulator.url("x")), limits) as (ingest, catch):
            await catch.until(lambda: ingest.state.phase is Phase.WAITING)
            assert ingest.state.retry_in_s is not None
            assert ingest.state.retry_in_s > 20
            await camera.refuse(on=False)
            await catch.until(lambda: catch.video)


async def test_a_camera_that_falls_silent_is_noticed(play) -> None:
    async with play() as (camera, _ingest, catch):
        camera.stall(2.0)
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "silent"
        await catch.until(lambda: len({u.run for u in catch.video}) == 2, 20)


async def test_a_password_that_was_changed_is_tried_once(play) -> None:
    async with play(lock_after=2) as (camera, ingest, catch):
        camera.change_password("another")
        camera.drop()
        await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
        assert camera.gate.refused == 1
        assert catch.faults[-1].code == "password_refused"


async def test_sound_and_picture_of_one_instant_have_the_same_time(play) -> None:
    async with play() as (_camera, _ingest, catch):
        await catch.until(lambda: len(catch.video) > 30 and len(catch.audio) > 20)
    lines = [
        (u.utc_ns - u.pts * 1_000_000_000 // u.format.timescale) // 1_000_000
        for u in catch.units[-20:]
    ]
    assert max(lines) - min(lines) < 15, "milliseconds between the tracks' time lines"


async def test_sound_of_every_kind(loops: Path) -> None:
    codecs = ["pcma", "pcmu", "g726", "opus", "l16"]
    specs = [
        replace(
            BASE,
            name=codec,
            main=replace(BASE.main, audio=AudioSpec(codec, 8_000 if codec == "g726" else 16_000)),
        )
        for codec in codecs
    ]
    async with Simulator(specs, cache=loops) as simulator, AsyncExitStack() as stack:
        catches = {}
        for codec in codecs:
            config = SourceConfig(simulator.url(codec))
            _ingest, catches[codec] = await stack.enter_async_context(running(config, LIMITS))
        for codec, catch in catches.items():
            await catch.until(lambda caught=catch: len(caught.audio) > 20)
            assert catch.audio[5].format.codec.value == codec
            steps = {b.dts - a.dts for a, b in itertools.pairwise(catch.audio[5:])}
            assert max(steps) - min(steps) <= catch.audio[5].format.timescale // 500


async def test_figures_say_how_a_stream_fares(play) -> None:
    async with play() as (_camera, ingest, catch):
        await catch.until(lambda: ingest.statistics.gop_frames and len(catch.video) > 25)
        await catch.until(lambda: abs(ingest.statistics.fps - 20) < 2)
        figures = ingest.statistics
    assert (figures.gop_frames, round(figures.gop_s, 1)) == (10, 0.5)
    assert 50_000 < figures.bitrate_bps < 2_000_000
    assert figures.video is not None
    assert (figures.video.width, figures.video.height) == (320, 180)
    assert figures.clock_source == "camera"
    assert figures.clock_offset_ms is not None
    assert abs(figures.clock_offset_ms) < 100
    assert figures.packets > 100


async def test_unknown_sound_does_not_hurt_the_picture(play) -> None:
    quirks = frozenset({Quirk.METADATA_TRACK, Quirk.VANA_TRACK})
    async with play(quirks=quirks) as (_camera, _ingest, catch):
        await catch.until(lambda: len(catch.video) > 20)
    assert catch.faults == []
