"""The test button: a child with limits, and a real picture of a simulated camera."""

from __future__ import annotations

import asyncio
import base64
import io
from pathlib import Path
from typing import Any

import av
import pytest

from appliance.cameras.sim.cache import LoopCache
from appliance.cameras.sim.simulator import Simulator
from appliance.cameras.sim.specs import small_camera
from appliance.web.probing.runner import MAX_AT_ONCE, Prober, TooManyTestsError


def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> str:
    """Return the name of a module that runs `source` as the child."""
    (tmp_path / "probe_double.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "probe_double"


async def test_a_simulated_camera_gives_a_picture_and_its_formats(tmp_path: Path) -> None:
    async with Simulator((small_camera(),), cache=LoopCache(tmp_path)) as simulator:
        url = simulator.url(next(iter(simulator.cameras)))
        result = await Prober().run({"url": url})
    assert result["ok"], result["fault"]
    assert result["fault"] is None
    assert 10_000 < result["bitrate_bps"] < 20_000_000
    video = result["formats"][0]
    assert (video["kind"], video["codec"]) == ("video", "h264")
    kind, _comma, data = result["picture"].partition(",")
    assert kind == "data:image/jpeg;base64"
    with av.open(io.BytesIO(base64.b64decode(data))) as container:
        picture = next(container.decode(video=0))
    assert (picture.width, picture.height) == (video["width"], video["height"])


async def test_a_camera_that_is_not_there_is_a_fault_in_words() -> None:
    result = await Prober().run({"url": "rtsp://127.0.0.1:1/x", "password": "hidden"})
    assert not result["ok"]
    assert result["fault"]["code"] == "connection_refused"
    assert "hidden" not in str(result)


async def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = child(tmp_path, monkeypatch, "import time\ntime.sleep(600)")
    prober = Prober(module, limit_s=0.3)
    result = await prober.run({})
    assert result["fault"]["code"] == "test_timeout"
    assert not prober._running


@pytest.mark.parametrize(
    "source",
    ["", "print('no json')", "print('[1]')", "import os; os.abort()", "print('x' * 9999999)"],
)
async def test_a_child_that_breaks_is_a_fault_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    result = await Prober(child(tmp_path, monkeypatch, source)).run({})
    assert (result["ok"], result["fault"]["code"]) == (False, "test_failed")


async def test_few_tests_run_at_a_time_and_close_ends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = child(tmp_path, monkeypatch, "import time\ntime.sleep(600)")
    prober = Prober(module, limit_s=60)
    running = [asyncio.create_task(prober.run({})) for _ in range(MAX_AT_ONCE)]
    async with asyncio.timeout(5):
        while len(prober._running) < MAX_AT_ONCE:
            await asyncio.sleep(0.01)
    with pytest.raises(TooManyTestsError):
        await prober.run({})
    await prober.close()
    results: list[Any] = await asyncio.gather(*running)
    assert {result["fault"]["code"] for result in results} == {"test_failed"}


async def test_the_password_is_neither_an_argument_nor_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "import json, os, sys\n"
        "wish = json.load(sys.stdin)\n"
        "seen = ' '.join(sys.argv) + str(dict(os.environ))\n"
        "print(json.dumps({'ok': True, 'leaked': wish['config']['password'] in seen}))\n"
    )
    monkeypatch.setenv("NVR_SECRET", "x")
    result = await Prober(child(tmp_path, monkeypatch, source)).run({"password": "q7f-secret"})
    assert result == {"ok": True, "leaked": False}
