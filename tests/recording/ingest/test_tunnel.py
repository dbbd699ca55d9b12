"""RTSP over HTTP comes in through libav, and no password goes where it could be read (N13.1)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ingest_bench import check_order, running
from tunnel import Tunnel

from appliance.cameras.sim.simulator import Simulator
from appliance.cameras.sim.specs import CameraSpec, StreamSpec, VideoSpec
from appliance.media.types import Codec
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.state import Phase

LIMITS = Limits(tick_s=0.1, backoff_first_s=0.05, backoff_longest_s=0.2, answer_s=3.0)
MAIN = StreamSpec(VideoSpec(codec="h264", fps=Fraction(20)))


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loops")


@contextlib.asynccontextmanager
async def camera(loops: Path, *auth: str) -> AsyncIterator[str]:
    """A camera that offers these schemes; yields its address without a password."""
    async with Simulator([CameraSpec("x", main=MAIN, auth=auth)], cache=loops) as simulator:
        yield simulator.url("x", credentials=False)


@contextlib.asynccontextmanager
async def tunnelled(
    loops: Path, *auth: str, get: str = "", post: str = ""
) -> AsyncIterator[tuple[Tunnel, SourceConfig]]:
    """The same behind a web server, and how to pull it."""
    async with camera(loops, *auth) as url:
        parts = urlsplit(url)
        assert parts.port is not None
        async with Tunnel(parts.port, get=get, post=post) as tunnel:
            address = f"rtsp://127.0.0.1:{tunnel.port}{parts.path}"
            yield tunnel, SourceConfig(address, "admin", "camera", transport="http")


@pytest.mark.parametrize("auth", [(), ("digest-md5",), ("digest-md5", "basic")])
async def test_rtsp_over_http_plays(loops: Path, auth: tuple[str, ...]) -> None:
    async with tunnelled(loops, *auth) as (tunnel, config):
        async with running(config, LIMITS) as (ingest, catch):
            await catch.until(lambda: len(catch.video) > 20)
            assert ingest.statistics.engine == "libav"
        assert catch.faults == []
        assert ("Authorization: Digest" in tunnel.inside.decode("latin-1")) == bool(auth)
        assert not tunnel.readable
    check_order(catch.units)
    assert {u.format.codec for u in catch.units} == {Codec.H264}


@pytest.mark.parametrize(
    ("auth", "get", "post"),
    [(("basic",), "", ""), ((), "Basic", ""), ((), "", "Basic"), (("basic",), "Digest", "Digest")],
    ids=["inside the tunnel", "for GET", "for POST", "inside, behind a digest"],
)
async def test_n13_1_basic_is_refused_wherever_the_tunnel_asks_for_it(
    loops: Path, auth: tuple[str, ...], get: str, post: str
) -> None:
    async with tunnelled(loops, *auth, get=get, post=post) as (tunnel, config):
        async with running(config, LIMITS) as (ingest, catch):
            await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
            assert catch.faults[0].code == "basic_refused"
        assert not tunnel.readable


@pytest.mark.parametrize(("auth", "get"), [(("basic",), ""), ((), "Basic")])
async def test_t10_5_basic_in_the_tunnel_is_used_where_it_is_allowed(
    loops: Path, auth: tuple[str, ...], get: str
) -> None:
    async with tunnelled(loops, *auth, get=get, post=get) as (tunnel, config):
        async with running(replace(config, allow_basic=True), LIMITS) as (_ingest, catch):
            await catch.until(lambda: len(catch.video) > 5)
        assert tunnel.readable


async def test_a_wrong_password_in_the_tunnel_is_said_and_not_tried_again(loops: Path) -> None:
    async with (
        tunnelled(loops, "digest-md5") as (_tunnel, config),
        running(replace(config, password="wrong"), LIMITS) as (ingest, catch),
    ):
        await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
        assert catch.faults[0].code == "password_refused"


async def test_a_missing_password_in_the_tunnel_is_asked_for(loops: Path) -> None:
    async with tunnelled(loops, "digest-md5") as (_tunnel, config):
        bare = replace(config, username="", password="")
        async with running(bare, LIMITS) as (ingest, catch):
            await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
            assert catch.faults[0].code == "password_needed"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_n13_1_basic_is_refused_by_the_media_library_over_rtsp_too(
    loops: Path, transport: str
) -> None:
    async with camera(loops, "basic") as url:
        config = SourceConfig(url, "admin", "camera", transport=transport, engine="libav")  # type: ignore[arg-type]
        async with running(config, LIMITS) as (ingest, catch):
            await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
            assert catch.faults[0].code == "basic_refused"
        async with running(replace(config, allow_basic=True), LIMITS) as (_ingest, catch):
            await catch.until(lambda: catch.video)


async def test_a_web_server_that_never_answers_the_tunnel_is_no_reason_to_tell_the_password(
    loops: Path,
) -> None:
    async with tunnelled(loops, "digest-md5") as (tunnel, config):
        tunnel.mute = True
        async with running(config, replace(LIMITS, answer_s=0.3)) as (_ingest, catch):
            await catch.until(lambda: catch.faults)
            assert catch.faults[0].code == "no_answer"
        assert not any("Authorization" in head for head in tunnel.heads)
