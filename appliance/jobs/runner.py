"""Runs jobs: two at a time, fair between people, each in a child that may die without harm."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.export.words import plain
from appliance.jobs.book import JobBook, Leftover, Pages, prune, written
from appliance.jobs.children import MODULE, Child, ChildDied
from appliance.jobs.errors import JobError
from appliance.jobs.model import Job, JobState, Progress
from appliance.jobs.rate import RateMeter
from appliance.jobs.shortening import MOST_TEXT, shortened
from appliance.jobs.tidy import end_left, remove_partial
from appliance.text import _

_log = logging.getLogger(__name__)

AT_ONCE = 2
MAX_WAITING = 50
MAX_PER_PERSON = 10
STALL_S = 600.0
"""A job that has not got on for so long is ended: its stick or disk has stopped answering."""

TOLD_EVERY_S = 0.5
TIDY_S = 15.0
PRUNE_S = 600.0


@dataclass(frozen=True, slots=True)
class Wish:
    """A job somebody wants: see model.Job."""

    kind: str
    title: str
    by: str
    order: dict[str, Any] = field(default_factory=dict)
    place: str = ""


class JobRunner:
    """All jobs of the box.  `told(job)` is called for every change worth showing.

    `wall` is UTC seconds.  One loop; the book is written in threads.
    """

    def __init__(
        self,
        book: JobBook,
        told: Callable[[Job], None],
        *,
        at_once: int = AT_ONCE,
        module: str = MODULE,
        stall_s: float = STALL_S,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._book = book
        self._told = told
        self._at_once = at_once
        self._module = module
        self._stall_s = stall_s
        self._wall = wall
        self._pages = Pages()
        self._running: dict[str, tuple[Child, asyncio.Task[None]]] = {}
        self._cancelling: set[str] = set()
        self._saving = asyncio.Lock()
        self._unsaved = False
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []
        self.moves = 0

    async def open(self) -> None:
        """Read the book, tell what was interrupted, go on with what waits."""
        try:
            self._pages = await asyncio.to_thread(self._book.load)
        except OSError as error:
            _log.error("Jobs are not kept over a restart: %s", error)
        for job in self._pages.jobs:
            if job.state is JobState.RUNNING:
                await asyncio.to_thread(end_left, job.pid, job.pid_started)
                self._interrupted(job)
        await self._tidy()
        await self._prune()
        await self._save()
        self._tasks = [asyncio.create_task(self._keep_tidy(), name="tidy")]
        self._begin_next()

    async def close(self) -> None:
        """End what runs, in order; what waits goes on at the next start."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        children = list(self._running.values())
        for child, _task in children:
            child.cancel()
        await asyncio.gather(*self._tasks, *(task for _c, task in children), return_exceptions=True)
        await self._save()

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return bool(self._running)

    def jobs(self) -> list[Job]:
        """Return all jobs, the newest first."""
        return sorted(self._pages.jobs, key=lambda job: (job.created, job.id), reverse=True)

    def find(self, job_id: str) -> Job:
        """Return a job; raise JobError."""
        for job in self._pages.jobs:
            if job.id == job_id:
                return job
        raise JobError("not_found", _("There is no such job any more: they are kept for a day."))

    def users_of(self, place: str) -> list[Job]:
        """Return the jobs that wait for a place or use it."""
        return [job for job in self._pages.jobs if job.place == place and not job.state.ended]

    async def start(self, wish: Wish) -> Job:
        """Queue a job; raise JobError (full, too_many)."""
        going = [job for job in self._pages.jobs if not job.state.ended]
        if sum(job.by == wish.by for job in going) >= MAX_PER_PERSON:
            text = _(
                "{count} jobs of yours are waiting or running. Wait until one has ended, or cancel "
                "one."
            )
            raise JobError("too_many", text.format(count=MAX_PER_PERSON))
        if sum(job.state is JobState.WAITING for job in going) >= MAX_WAITING:
            text = _("{count} jobs are waiting already. Try again when some have ended.")
            raise JobError("full", text.format(count=MAX_WAITING))
        job = Job(
            id=secrets.token_hex(8), kind=wish.kind, title=wish.title, by=wish.by,
            created=self._now(), order=wish.order, place=wish.place,
        )  # fmt: skip
        self._pages.jobs.append(job)
        await self._save()
        self._tell(job)
        self._begin_next()
        return job

    async def cancel(self, job_id: str) -> Job:
        """End a job that waits or runs; one that has ended stays as it is.  Raise JobError."""
        job = self.find(job_id)
        if job.state is JobState.WAITING:
            self._end(job, JobState.CANCELLED, "cancelled", _("Cancelled before it began."))
            await self._save()
        elif job.state is JobState.RUNNING:
            self._cancelling.add(job.id)
            self._running[job.id][0].cancel()
        return job

    async def forget(self, job_id: str) -> None:
        """Take a job that has ended off the list, with its result; raise JobError."""
        job = self.find(job_id)
        if job.state.ended:
            self._pages.jobs.remove(job)
            await self._save()
            await self._remove_results()

    # -- one job -------------------------------------------------------------------------------

    def _tell(self, job: Job) -> None:
        """Tell a change; whoever cannot be told does not hold up the jobs."""
        try:
            self._told(job)
        except Exception:  # noqa: BLE001 - the queue has to go on, whatever listens
            _log.exception("A change of job %s could not be told", job.id)

    def _begin_next(self) -> None:
        """Start what there is room for; who has nothing running comes first."""
        while len(self._running) < self._at_once and not self._closing:
            waiting = [job for job in self._pages.jobs if job.state is JobState.WAITING]
            if not waiting:
                return
            busy = {job.by for job in self._pages.jobs if job.state is JobState.RUNNING}
            job = next((job for job in waiting if job.by not in busy), waiting[0])
            job.state = JobState.RUNNING
            job.started = job.moved = self._now()
            child = Child(self._module)
            self._running[job.id] = (
                child,
                asyncio.create_task(self._run(job, child), name=f"job {job.id}"),
            )
            self._tell(job)

    async def _run(self, job: Job, child: Child) -> None:
        try:
            await child.start(job.kind, job.order, self._book.result_folder(job.id))
            job.pid, job.pid_started = child.pid, child.started
            await self._save()
            await self._follow(job, child)
        except ChildDied as error:
            self._died(job, error)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            _log.exception("Job %s told what cannot be understood", job.id)
            self._died(job, ChildDied(_("it broke down")))
        except OSError as error:
            text = _("The job could not be started: {why}.").format(why=error.strerror or error)
            self._end(job, JobState.FAILED, "died", text)
        finally:
            try:
                await child.end()
                await self._settle(job)
            finally:
                self._cancelling.discard(job.id)
                del self._running[job.id]
                self._begin_next()

    async def _follow(self, job: Job, child: Child) -> None:
        """Take what a child tells until it has told its end; raise ChildDied."""
        meter = RateMeter()
        told = float("-inf")
        waits_s = self._stall_s
        while True:
            try:
                async with asyncio.timeout(waits_s):
                    message = await child.receive()
            except TimeoutError:
                raise ChildDied("stalled") from None
            if "progress" in message:
                told = self._progress(job, message["progress"], meter, told)
            elif "partial" in message:
                job.partial.append(str(message["partial"]))
                await self._save()
            elif "done" in message:
                done = message["done"]
                job.result, job.files = shortened(dict(done["result"])), list(done["files"])
                job.problems = int(done["problems"])
                job.partial.clear()
                self._end(job, JobState.DONE, "", str(done["text"]))
                return
            elif "failed" in message:
                failed = message["failed"]
                self._end(job, JobState.FAILED, str(failed["code"]), str(failed["text"]))
                return
            elif "cancelled" in message:
                self._stopped(job)
                return

    def _progress(self, job: Job, told: dict[str, Any], meter: RateMeter, last: float) -> float:
        now = time.monotonic()
        before = job.progress
        job.progress = progress = Progress(
            int(told["done"]), int(told["total"]), str(told["unit"]), str(told["phase"])
        )
        meter.add(now, progress.phase, progress.done)
        progress.rate = meter.rate(now)
        progress.remaining_s = meter.remaining_s(now, progress.total)
        moved = before is None or (before.done, before.phase) != (progress.done, progress.phase)
        if moved:
            self.moves += 1
            job.moved = self._now()
        if now - last >= TOLD_EVERY_S or before is None or before.phase != progress.phase:
            self._tell(job)
            return now
        return last

    def _died(self, job: Job, error: ChildDied) -> None:
        if job.id in self._cancelling or self._closing:
            self._stopped(job)
        elif error.how == "stalled":
            text = _(
                "The job did not get on for {minutes} minutes and was ended: the disk or stick it "
                "used has stopped answering."
            )
            text = text.format(minutes=round(self._stall_s / 60))
            self._end(job, JobState.FAILED, "stalled", text)
        else:
            text = _(
                "The job ended unexpectedly ({how}). What it had begun to write is not kept. "
                "Start it again."
            )
            self._end(job, JobState.FAILED, "died", text.format(how=error.how))

    def _stopped(self, job: Job) -> None:
        """It ended because it was told to: by a person, or because the box stops."""
        if job.id in self._cancelling:
            self._end(job, JobState.CANCELLED, "cancelled", _("Cancelled; nothing of it is kept."))
        else:
            self._interrupted(job)

    def _interrupted(self, job: Job) -> None:
        text = _(
            "The box or its job process was restarted while this ran. What had been begun is not "
            "kept. Start it again."
        )
        self._end(job, JobState.FAILED, "interrupted", text)

    def _end(self, job: Job, state: JobState, code: str, text: str) -> None:
        job.state, job.code, job.text = state, code, plain(text, MOST_TEXT)
        job.ended = self._now()
        job.pid = None
        if job.progress is not None:
            job.progress.rate = job.progress.remaining_s = None
        fsid = int(job.order.get("fsid") or 0)
        self._pages.leftovers += [Leftover(path, fsid, job.ended) for path in job.partial]
        job.partial.clear()
        _log.info("Job %s (%s of %s) is %s: %s", job.id, job.kind, job.by, state.value, job.text)

    async def _settle(self, job: Job) -> None:
        """After the child is gone: remove what it left, write everything down, tell."""
        if job.state is JobState.RUNNING:
            self._interrupted(job)
        await self._tidy()
        await self._save()
        self._tell(job)

    # -- keeping in order ----------------------------------------------------------------------

    async def _keep_tidy(self) -> None:
        pruned = time.monotonic()
        while True:
            await asyncio.sleep(TIDY_S)
            await self._tidy()
            if time.monotonic() - pruned >= PRUNE_S:
                pruned = time.monotonic()
                await self._prune()
            if self._unsaved:
                await self._save()

    async def _tidy(self) -> None:
        """Remove leftovers that can be reached now."""
        for left in list(self._pages.leftovers):
            if await asyncio.to_thread(remove_partial, Path(left.path), left.fsid):
                self._pages.leftovers.remove(left)
                self._unsaved = True

    async def _prune(self) -> None:
        if prune(self._pages, self._now()):
            self._unsaved = True
        await self._remove_results()

    async def _remove_results(self) -> None:
        await asyncio.to_thread(self._book.remove_results, [job.id for job in self._pages.jobs])

    async def _save(self) -> None:
        async with self._saving:
            try:
                await asyncio.to_thread(self._book.save, written(self._pages))
            except OSError as error:
                if not self._unsaved:
                    _log.warning("The book of jobs cannot be written: %s", error)
                self._unsaved = True
            else:
                self._unsaved = False

    def _now(self) -> int:
        return round(self._wall() * 1000)
