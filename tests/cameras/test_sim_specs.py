"""Definitions of cameras: read with all mistakes at once, encoded once, cached whole."""

from __future__ import annotations

import ast
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from appliance.cameras.sim.cache import LoopCache
from appliance.cameras.sim.demo import demo_cameras
from appliance.cameras.sim.errors import SimulatorError, SpecError
from appliance.cameras.sim.loops import load_tracks, save_tracks
from appliance.cameras.sim.player import LoopPlayer
from appliance.cameras.sim.scenes.catalogue import SCENES, make_scene
from appliance.cameras.sim.simulator import Simulator
from appliance.cameras.sim.specs import SCENES as SCENE_NAMES
from appliance.cameras.sim.specs import VideoSpec, parse_camera, small_camera

SIM = Path(__file__).parents[2] / "appliance" / "cameras" / "sim"
FOOTAGE = Path(__file__).parents[3] / "shared" / "footage"


def test_a_definition_is_read_whole() -> None:
    spec = parse_camera(
        "gate",
        '{"codec":"h265","size":"1280x720","fps":12.5,"bitrate":"1.5M","audio":"pcma","loop":3,'
        '"auth":["basic","digest-sha256"],"transport":"udp","quirks":["no-rtcp"],'
        '"sub":{"size":"352x288","audio":{"codec":"aac","rate":8000}}}',
    )
    assert spec.main.video.fps == Fraction(25, 2)
    assert spec.main.video.gop == 25
    assert spec.main.video.bitrate_bps == 1_500_000
    assert spec.sub.audio.sample_rate == 8_000
    assert spec.transports == ("udp",)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        parse_camera("gate", '{"size":"3x5","fps":0,"codec":"x","gop":-1,"sub":{"fsp":9}}')
    for part in ("gate.size", "gate.fps", "gate.codec", "gate.gop", "gate.sub.fsp"):
        assert part in caught.value.text


def test_cameras_are_encoded_once(tmp_path: Path) -> None:
    spec = small_camera().settled()
    made = LoopCache(tmp_path).tracks(spec, spec.main)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = LoopCache(tmp_path).tracks(spec, spec.main)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files
    assert [[u.digest for u in t.units] for t in again] == [
        [u.digest for u in t.units] for t in made
    ]


def test_a_torn_cache_file_is_made_anew(tmp_path: Path) -> None:
    spec = small_camera().settled()
    made = LoopCache(tmp_path).tracks(spec, spec.main)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-100])
        assert load_tracks(path) is None
    again = LoopCache(tmp_path).tracks(spec, spec.main)
    assert [len(track.units) for track in again] == [len(track.units) for track in made]


def test_nothing_is_left_behind_when_a_loop_cannot_be_saved(tmp_path: Path) -> None:
    spec = small_camera().settled()
    [track, *_] = LoopCache(tmp_path / "a").tracks(spec, spec.main)
    track.units[3].parts = (*track.units[3].parts, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        save_tracks(tmp_path / "b" / "x.loop", [track])
    assert not (tmp_path / "b").exists() or not list((tmp_path / "b").iterdir())


def test_two_threads_that_want_one_loop_encode_it_once(tmp_path: Path) -> None:
    cache, spec = LoopCache(tmp_path), small_camera().settled()
    found: list[list[object]] = []
    threads = [
        threading.Thread(target=lambda: found.append(cache.tracks(spec, spec.main)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(tracks[0]) for tracks in found}) == 1


def test_a_loop_goes_on_over_its_seam_and_catches_up(tmp_path: Path) -> None:
    spec = small_camera().settled()
    video = VideoSpec(fps=Fraction(10), bframes=2)
    [track] = LoopCache(tmp_path).video(spec, video, lambda share: None)
    player = LoopPlayer(track)
    sends = []
    stamps = []
    for _ in range(3 * len(track.units)):
        sends.append(player.due)
        _, pts = player.take()
        assert sends[-1] >= pts
        stamps.append(pts)
    assert sends == sorted(set(sends))
    assert sorted(stamps) == [9000 * i for i in range(len(stamps))]
    player.skip_to(90_000 * 3601 + 5)
    assert 0 <= player.due - (90_000 * 3601 + 5) < 9000


async def test_a_taken_port_is_told_in_a_sentence(loop_cache: LoopCache) -> None:
    async with Simulator([small_camera()], cache=loop_cache) as simulator:
        port = simulator.camera("cam1").port
        second = Simulator([replace(small_camera("cam2"), port=port)], cache=loop_cache)
        with pytest.raises(SimulatorError, match=rf"Port {port} for cam2 is not free"):
            await second.start()


def test_the_demo_set_is_what_newcomers_are_promised() -> None:
    door, park, hall, desk = demo_cameras(8554)
    assert (door.main.video.codec, door.main.video.height, door.main.audio.codec) == (
        "h264", 1080, "aac",
    )  # fmt: skip
    assert (park.main.video.codec, park.main.audio.codec) == ("h265", "pcma")
    assert (hall.main.video.codec, hall.main.video.width, hall.main.audio) == ("h265", 3840, None)
    assert desk.live
    assert desk.main.video.gop / desk.main.video.fps == 10
    assert desk.main.video.bframes > 0
    assert all(camera.sub.video.codec == "h264" for camera in (door, park, hall, desk))
    assert [camera.port for camera in (door, park, hall, desk)] == [8554, 8555, 8556, 8557]


@pytest.mark.parametrize("name", SCENE_NAMES)
def test_scenes_move_and_never_wrap_from_black_to_white(name: str) -> None:
    assert name in SCENES
    scene = make_scene(name, 320, 180, noise=12)
    first = scene.frame(0, 0.1, 0.2, ["Gate", "00.000"], ["H264", "0"]).y.copy()
    second = scene.frame(1, 0.6, 1.2, ["Gate", "01.000"], ["H264", "1"]).y.copy()
    assert np.count_nonzero(np.abs(first.astype(int) - second) > 40) > 100
    for picture in (first, second):
        assert picture.min() >= 8
        assert picture.max() <= 247


FONT = "appliance.media.dot_font"
"""What writes on its pictures; nothing that is tested reads them."""


def test_the_simulator_shares_no_code_with_what_it_tests() -> None:
    for path in SIM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [item.name for item in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                own = name == FONT or name.startswith("appliance.cameras.sim")
                assert own or not name.startswith("appliance.")


async def test_real_footage_is_served_as_it_is(loop_cache: LoopCache, open_client) -> None:
    clip = FOOTAGE / "cars.mp4"
    if not clip.is_file():
        pytest.skip("the footage is not here")
    spec = parse_camera("cars", f'{{"file": "{clip}", "auth": "none"}}')
    async with Simulator([spec], cache=loop_cache) as simulator:
        client = await open_client(simulator.url("cars"))
        await client.play()
        packets = await client.rtp(40)
        assert len({packet.timestamp for packet in packets}) > 3
        assert any(packet.marker for packet in packets)
        track, *_ = simulator.camera("cars").streams["main"].tracks
        assert (track.width, track.height) == (768, 432)
