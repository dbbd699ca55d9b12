"""What a box promises about recording, with real processes and whole-stream comparisons."""

import asyncio
import os
import random
import signal
import sys

import pytest
from the_box import missing, sent, small_camera

from appliance.cameras.sim.simulator import Simulator

NS = 1_000_000_000


async def test_every_unit_a_camera_sends_is_stored(box, cameras):
    """D1-PL-01, pain 1: no gaps; compared by hashes over the VCL NAL units, main and sub."""
    numbers = [await box.add(camera) for camera in cameras.cameras.values()]
    await box.recording(*numbers)
    for camera in cameras.cameras.values():
        log = camera.streams["main"].log
        goal = log.count + 150
        await box.until(lambda log=log, goal=goal: log.count >= goal)
    await box.stop()
    for number, camera in zip(numbers, cameras.cameras.values(), strict=True):
        for stream in ("main", "sub"):
            assert len(box.stored(number, stream)) >= 50
            assert missing(camera, box, number, stream) == 0


async def test_killing_the_supervisor_loses_no_frame_and_the_recorder_is_adopted(box, cameras):
    camera = cameras.camera("gate")
    number = await box.add(camera)
    await box.recording(number)
    before = box.recorder_pid()
    box.supervisor.kill()
    await box.supervisor.wait()
    await box.start()
    await box.recording(number)
    assert box.recorder_pid() == before
    status = await box.bus.request("status.get")
    recorder = next(p for p in status["processes"] if p["name"] == "recorder@1")
    assert recorder["adopted"]
    await box.stop()
    assert missing(camera, box, number) == 0


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.soak)])
@pytest.mark.timeout(5400)
async def test_killing_the_recorder_costs_at_most_two_seconds_and_leaves_every_block_readable(
    box, cameras, kills
):
    """Figures: 0 unreadable blocks, 0 catalogue rows without data, loss within 2 s."""
    seed = int(os.environ.get("NVR_TEST_SEED", random.randrange(1 << 30)))
    print("seed", seed)
    chance = random.Random(seed)
    camera = cameras.camera("gate")
    number = await box.add(camera)
    cuts = []
    for _ in range(kills):
        await box.recording(number)
        goal = camera.streams["main"].log.count + chance.randrange(5, 60)
        await box.until(lambda goal=goal: camera.streams["main"].log.count >= goal)
        pid = box.recorder_pid()
        last = sent(camera)[-1]
        os.kill(pid, signal.SIGKILL)
        cuts.append(last.utc_ns)
        # Kills in a row are answered by longer and longer waits, up to 60 s and a fifth.
        await box.until(lambda pid=pid: box.recorder_pid() not in (None, pid), 90)
    await box.recording(number)
    await box.stop()
    stored = box.stored(number)
    ends = [utc for _, utc in stored]
    for cut in cuts:
        newest = max(utc for utc in ends if utc <= cut)
        assert cut - newest <= 2 * NS + NS  # the fragment begins up to a second before its end
    check = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "appliance.cli",
        "check",
        str(box.volume),
        "--folder",
        str(box.paths.state.parent),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await check.communicate()
    assert check.returncode == 0, output.decode()


async def test_a_second_start_goes_on_where_the_first_was(box, cameras):
    """D2-PW-06: without anybody doing anything, and nothing of before is lost."""
    number = await box.add(cameras.camera("gate"))
    await box.recording(number)
    await box.stop()
    assert box.recorder_pid() is None
    before = box.stored(number)
    await box.start()
    await box.recording(number)
    await box.stop()
    after = box.stored(number)
    assert after[: len(before)] == before
    assert len(after) > len(before)


async def test_a_camera_that_reboots_is_recorded_again_and_both_are_told(box, cameras):
    """Pain 3."""
    camera = cameras.camera("gate")
    number = await box.add(camera)
    await box.recording(number)
    camera.reboot(5)
    event = await box.event("camera_offline")
    assert event["event"]["channel"] == number
    await box.event("camera_offline", "ended")
    await box.recording(number)


async def test_a_wrong_password_is_tried_once_and_disturbs_nobody(box, cameras):
    """Cameras lock accounts: no further try until a person acts."""
    gate, yard = cameras.camera("gate"), cameras.camera("yard")
    wrong = await box.add(gate, password="not this one", sub_url="")
    right = await box.add(yard)
    await box.recording(right)
    await box.event("password_refused")
    assert box.channel(wrong)["fault"]["code"] == "password_refused"
    refused = gate.status()
    await box.recording(right)
    assert gate.status() == refused
    await box.bus.request(
        "settings.patch",
        {"page": "channels", "item": wrong, "changes": {"password": gate.gate.password}},
    )
    await box.recording(wrong)


async def test_a_volume_that_vanishes_is_told_of_and_taken_up_again(box, cameras):
    """Pain 4: an event within 10 s, in words; recording resumes by itself."""
    number = await box.add(cameras.camera("gate"))
    await box.recording(number)
    aside = box.volume.with_name("pulled")
    box.volume.rename(aside)
    event = await box.until(
        lambda: next((e for e in box.events if e["event"]["kind"] == "volume_missing"), None), 10
    )
    assert "Volume" in event["event"]["text"]
    aside.rename(box.volume)
    await box.event("volume_missing", "ended")
    await box.recording(number)


async def test_new_parameter_sets_in_mid_stream_are_followed(box, loop_cache):
    async with Simulator([small_camera("gate", sub=None)], cache=loop_cache) as cameras:
        camera = cameras.camera("gate")
        number = await box.add(camera)
        await box.recording(number)
        first = box.channel(number)["streams"]["main"]["width"]
        await camera.change_parameters()
        await box.until(lambda: box.channel(number)["streams"]["main"]["width"] != first)
        await box.recording(number)
        await box.stop()
        assert missing(camera, box, number) == 0


async def test_the_certificate_of_a_camera_is_kept_and_another_one_refused(box, loop_cache):
    """Encrypted cameras sign for themselves, so the first certificate seen is the one believed."""
    async with Simulator([small_camera("gate", sub=None, tls=True)], cache=loop_cache) as cameras:
        number = await box.add(cameras.camera("gate"))
        await box.recording(number)

        async def pinned():
            page = await box.bus.request("settings.get", {"page": "channels"})
            return page["values"]["items"][0]["tls_fingerprint"]

        async with asyncio.timeout(20):
            while not await pinned():
                box.news.clear()
                await box.news.wait()
        await box.bus.request(
            "settings.patch",
            {"page": "channels", "item": number, "changes": {"tls_fingerprint": "ab" * 32}},
        )
        fault = await box.until(lambda: box.channel(number).get("fault"))
        assert fault["code"] == "certificate_changed"
