"""The runner: order, limits, ends of all kinds, what is kept and what is removed."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from appliance.bus import job_messages as messages
from appliance.bus.errors import BusError
from appliance.bus.frames import Publication, Response, encode
from appliance.jobs.errors import JobError
from appliance.jobs.model import Job, JobState
from appliance.jobs.rate import RateMeter
from appliance.jobs.runner import MAX_PER_PERSON, MAX_WAITING, Wish
from appliance.jobs.shortening import fitting, shortened

DONE = ["tell", {"done": {"text": "Done.", "result": {"n": 1}, "files": [], "problems": 0}}]
DAY_S = 24 * 3600


def wish(by: str, title: str, *steps: Any, **order: Any) -> Wish:
    return Wish("test", title, by, {"steps": [*steps, DONE], **order})


def waits(bench: Any, name: str) -> list[str]:
    return ["wait", str(bench.gate(name))]


async def test_a_job_tells_how_far_it_is_and_ends_in_words(bench: Any) -> None:
    runner = await bench.open()
    step = ["tell", {"progress": {"done": 3, "total": 9, "unit": "blocks", "phase": "read"}}]
    job = await runner.start(wish("anna", "one", step, waits(bench, "go")))
    async with asyncio.timeout(60):
        while job.progress is None:
            await asyncio.sleep(0.01)
    shown = job.shown()["progress"]
    assert (shown["done"], shown["total"], shown["unit"]) == (3, 9, "blocks")
    assert job.shown().keys() == messages.Job.__required_keys__
    TypeAdapter(messages.Job).validate_python(job.shown(), strict=True)
    bench.gate("go").touch()
    await bench.until(job, JobState.DONE)
    assert (job.text, job.result, job.code) == ("Done.", {"n": 1}, "")
    async with asyncio.timeout(10):
        while runner.busy:
            await asyncio.sleep(0.01)
    assert bench.told[0] == ("one", "waiting")
    assert bench.told[-1] == ("one", "done")


async def test_what_cannot_be_told_does_not_hold_up_the_jobs(bench: Any) -> None:
    def told(_job: Any) -> None:
        raise BusError("bus.too_large", "too large")

    runner = await bench.open(told=told)
    for number in range(3):
        job = await runner.start(wish("anna", f"job {number}"))
        await bench.until(job, JobState.DONE)


@pytest.mark.parametrize(
    "ended",
    [
        {"text": "x" * 900_000, "result": {}, "files": [], "problems": 0},
        {"text": "\ud800\x1b[2J", "result": {"\ud800": "\ud800"}, "files": [], "problems": 0},
        {"text": "", "result": {"found": [{"text": "y" * 9000}] * 90}, "files": [], "problems": 9},
        {"text": "", "result": {"name": "z" * 900_000}, "files": [], "problems": 0},
        {"text": "", "result": [], "files": [], "problems": 0},
        {"text": "", "result": 7, "files": None, "problems": "many"},
        [],
        None,
    ],
    ids=["text", "surrogates", "findings", "name", "list", "types", "no document", "null"],
)
async def test_whatever_a_job_ends_with_fits_on_the_bus_and_the_next_one_begins(
    bench: Any, ended: Any
) -> None:
    runner = await bench.open()
    job = await runner.start(Wish("test", "odd", "anna", {"steps": [["tell", {"done": ended}]]}))
    await bench.until(job, JobState.DONE, JobState.FAILED)
    line = encode(Publication("job.changed", {"job": job.shown()}))
    assert len(line) < 64 << 10
    assert job.text.isprintable()
    again = await runner.start(wish("anna", "next"))
    await bench.until(again, JobState.DONE)


def test_the_list_of_all_jobs_fits_into_a_message() -> None:
    result = shortened({"found": [{"text": "\u6771" * 900}] * 10, "signer": "own"})
    job = Job("a" * 16, "verify_export", "t" * 300, "anna", 1, {}, text="\u6771" * 1000,
              result=result)  # fmt: skip
    jobs = [job.shown()] * 250
    assert len(encode(Response(1, {"jobs": fitting(jobs)}))) < 1 << 20
    assert fitting(jobs)[0] == jobs[0]
    assert fitting(jobs)[-1]["result"] == {"signer": "own"}


def test_a_result_is_cut_where_a_stick_fills_it() -> None:
    assert shortened({"folder": "NVR 2026", "bytes": 7}) == {"folder": "NVR 2026", "bytes": 7}
    assert shortened({"found": ["x" * 5000] * 60, "n": 1}) == {"n": 1}
    assert len(shortened({"found": ["x"] * 60})["found"]) == 50


async def test_two_run_at_a_time_and_who_has_nothing_running_comes_first(bench: Any) -> None:
    runner = await bench.open()
    anna = [await runner.start(wish("anna", f"a{n}", waits(bench, f"a{n}"))) for n in range(3)]
    bert = await runner.start(wish("bert", "b", waits(bench, "b")))
    assert [job.state for job in (*anna, bert)] == [
        JobState.RUNNING,
        JobState.RUNNING,
        JobState.WAITING,
        JobState.WAITING,
    ]
    bench.gate("a0").touch()
    await bench.until(bert, JobState.RUNNING)
    assert anna[2].state is JobState.WAITING
    for name in ("a1", "a2", "b"):
        bench.gate(name).touch()
    for job in (*anna, bert):
        await bench.until(job, JobState.DONE)


async def test_one_person_cannot_fill_the_queue_and_the_queue_is_bounded(bench: Any) -> None:
    runner = await bench.open(at_once=0)
    for number in range(MAX_PER_PERSON):
        await runner.start(wish("anna", str(number)))
    with pytest.raises(JobError, match="10 jobs of yours") as refused:
        await runner.start(wish("anna", "too many"))
    assert refused.value.code == "too_many"
    for number in range(MAX_WAITING - MAX_PER_PERSON):
        await runner.start(wish(f"person {number}", str(number)))
    with pytest.raises(JobError) as refused:
        await runner.start(wish("zoe", "too many"))
    assert refused.value.code == "full"


async def test_a_job_that_is_killed_is_told_in_words_and_its_partial_folder_is_removed(
    bench: Any,
) -> None:
    runner = await bench.open()
    partial = bench.root / "stick" / "Export.partial"
    order = wish(
        "anna", "x", ["tell", {"partial": str(partial)}], ["write", str(partial)],
        ["die", signal.SIGKILL], fsid=os.statvfs(bench.root).f_fsid,
    )  # fmt: skip
    job = await bench.until(await runner.start(order), JobState.FAILED)
    assert job.code == "died"
    assert "SIGKILL" in job.text
    assert "Start it again" in job.text
    async with asyncio.timeout(10):
        while runner.busy:
            await asyncio.sleep(0.01)
    assert not partial.exists()
    assert partial.parent.exists()


async def test_what_lies_on_a_stick_that_is_away_is_removed_when_it_is_back(bench: Any) -> None:
    runner = await bench.open()
    partial = bench.root / "stick" / "Export.partial"
    order = wish(
        "anna", "x", ["tell", {"partial": str(partial)}], ["write", str(partial)],
        ["die", signal.SIGKILL], fsid=12345,  # another file system than the one mounted here now
    )  # fmt: skip
    await bench.until(await runner.start(order), JobState.FAILED)
    await runner.close()
    assert partial.exists()
    book = bench.root / "state" / "jobs" / "jobs.json"
    fsid = os.statvfs(bench.root).f_fsid
    book.write_text(book.read_text().replace('"fsid":12345,"since"', f'"fsid":{fsid},"since"'))
    await bench.open()
    assert not partial.exists()


async def test_only_what_is_called_partial_is_ever_removed(bench: Any) -> None:
    runner = await bench.open()
    precious = bench.root / "stick" / "Holiday"
    order = wish(
        "anna", "x", ["tell", {"partial": str(precious)}], ["write", str(precious)],
        ["die", signal.SIGKILL], fsid=os.statvfs(bench.root).f_fsid,
    )  # fmt: skip
    await bench.until(await runner.start(order), JobState.FAILED)
    await runner.close()
    assert (precious / "film.mp4").exists()


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([["exit", 3]], "code 3"),
        ([["say", "no JSON"]], "broke down"),
        ([["say", "[1]"]], "broke down"),
        ([["tell", {"progress": {"done": "x"}}]], "broke down"),
    ],
)
async def test_a_child_that_breaks_ends_its_job_only(bench: Any, steps: Any, words: str) -> None:
    runner = await bench.open()
    broken = Wish("test", "broken", "anna", {"steps": steps})
    job = await bench.until(await runner.start(broken), JobState.FAILED)
    assert words in job.text
    after = await bench.until(await runner.start(wish("anna", "after")), JobState.DONE)
    assert after.text == "Done."


async def test_a_job_that_stands_still_is_ended_and_told(bench: Any) -> None:
    runner = await bench.open(stall_s=1.0)
    job = await runner.start(wish("anna", "x", waits(bench, "never"), deaf=True))
    await bench.until(job, JobState.FAILED)
    assert job.code == "stalled"
    assert "stopped answering" in job.text


async def test_cancelling_ends_what_runs_and_what_waits(bench: Any) -> None:
    runner = await bench.open(at_once=1)
    step = ["tell", {"progress": {"done": 1, "total": 9, "unit": "bytes", "phase": ""}}]
    running = await runner.start(wish("anna", "r", step, waits(bench, "never")))
    waiting = await runner.start(wish("anna", "w"))
    await runner.cancel(waiting.id)
    assert waiting.state is JobState.CANCELLED
    async with asyncio.timeout(60):
        while running.progress is None:
            await asyncio.sleep(0.01)
    await runner.cancel(running.id)
    await bench.until(running, JobState.CANCELLED)
    assert running.code == "cancelled"
    ended = await bench.until(await runner.start(wish("anna", "x")), JobState.DONE)
    assert (await runner.cancel(ended.id)).state is JobState.DONE
    await runner.forget(ended.id)
    with pytest.raises(JobError, match="no such job"):
        runner.find(ended.id)


async def test_a_stop_in_order_tells_what_ran_as_interrupted_and_goes_on_with_the_rest(
    bench: Any,
) -> None:
    runner = await bench.open(at_once=1)
    await runner.start(wish("anna", "runs", waits(bench, "never")))
    await runner.start(wish("anna", "waits"))
    await runner.close()
    again = await bench.open()
    jobs = {job.title: job for job in again.jobs()}
    assert jobs["runs"].code == "interrupted"
    assert "Start it again" in jobs["runs"].text
    await bench.until(jobs["waits"], JobState.DONE)


async def test_ended_jobs_and_their_results_are_kept_for_a_day(bench: Any) -> None:
    runner = await bench.open()
    job = await bench.until(await runner.start(wish("anna", "x")), JobState.DONE)
    result = bench.root / "state" / "jobs" / job.id
    result.mkdir()
    await runner.close()
    bench.now += DAY_S - 60
    runner = await bench.open()
    assert [kept.id for kept in runner.jobs()] == [job.id]
    assert result.exists()
    await runner.close()
    bench.now += 120
    runner = await bench.open()
    assert runner.jobs() == []
    assert not result.exists()


async def test_a_damaged_book_is_begun_anew_and_is_nobody_elses_to_read(bench: Any) -> None:
    runner = await bench.open()
    await bench.until(await runner.start(wish("anna", "x")), JobState.DONE)
    await runner.close()
    book = Path(bench.root / "state" / "jobs" / "jobs.json")
    assert stat.S_IMODE(book.stat().st_mode) == 0o600
    book.write_text('{"jobs": [{"id": 1}], "leftovers": [{}]}')
    assert (await bench.open()).jobs() == []
    book.write_text("{")
    runner = await bench.open()
    await bench.until(await runner.start(wish("anna", "x")), JobState.DONE)


def test_rate_and_remaining_time_follow_what_was_done_lately() -> None:
    meter = RateMeter()
    meter.add(0.0, "write", 0)
    assert meter.rate(0.5) is None
    for second in range(1, 41):
        meter.add(float(second), "write", second * 10)
    assert meter.rate(40.0) == pytest.approx(10, rel=0.01)
    assert meter.remaining_s(40.0, 600) == pytest.approx(20, rel=0.02)
    for second in range(41, 81):
        meter.add(float(second), "write", 400 + (second - 40) * 50)
    assert meter.rate(80.0) == pytest.approx(50, rel=0.02)
    meter.add(81.0, "verify", 0)
    assert meter.remaining_s(81.0, 600) is None
