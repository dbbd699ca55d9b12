"""The bus's face of the jobs: start, list, cancel, places, eject."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from appliance.bus.client import BusClient, RequestHandler
from appliance.bus.errors import BusError
from appliance.jobs.errors import JobError
from appliance.jobs.model import Job, JobState
from appliance.jobs.orders import Orders
from appliance.jobs.place_watch import PlaceWatch
from appliance.jobs.places import Place
from appliance.jobs.runner import JobRunner
from appliance.jobs.shortening import fitting
from appliance.text import _

_log = logging.getLogger(__name__)

FACES = frozenset({"web", "cli", "gui", "supervisor"})
"""Who may ask: the processes that know people and their rights."""

Method = Callable[[dict[str, Any]], Awaitable[Any]]


class Desk:
    """Answers on the bus and publishes job.changed and places.changed."""

    def __init__(self, bus: BusClient, runner: JobRunner, places: PlaceWatch, orders: Orders):
        self._bus = bus
        self._runner = runner
        self._places = places
        self._orders = orders
        for name, method in (
            ("jobs.start", self._start),
            ("jobs.list", self._list),
            ("jobs.get", self._get),
            ("jobs.cancel", self._cancel),
            ("jobs.forget", self._forget),
            ("places.list", self._list_places),
            ("places.eject", self._eject),
            ("places.where", self._where),
        ):
            bus.handle(name, answering(method), roles=FACES)

    async def _start(self, params: dict[str, Any]) -> Any:
        order = params.get("order")
        if not isinstance(order, dict):
            raise JobError("bad_order", _("The job is not described as it has to be."))
        wish = await self._orders.compose(str(params.get("kind")), _by(params), order)
        return (await self._runner.start(wish)).shown()

    async def _list(self, params: dict[str, Any]) -> Any:
        by = params.get("by")
        jobs = self._runner.jobs()
        return {"jobs": fitting(job.shown() for job in jobs if by is None or job.by == by)}

    async def _get(self, params: dict[str, Any]) -> Any:
        return self._find(params).shown()

    async def _cancel(self, params: dict[str, Any]) -> Any:
        return (await self._runner.cancel(self._find(params).id)).shown()

    async def _forget(self, params: dict[str, Any]) -> Any:
        await self._runner.forget(self._find(params).id)
        return {}

    async def _list_places(self, _params: dict[str, Any]) -> Any:
        return {"places": [place.shown() for place in await self._places.places()]}

    async def _where(self, params: dict[str, Any]) -> Any:
        place = await self._orders.place(params.get("place"), write=False)
        return {"path": str(place.path), "fsid": place.fsid, "name": place.name}

    async def _eject(self, params: dict[str, Any]) -> Any:
        place = await self._orders.place(params.get("place"), write=False)
        using = self._runner.users_of(place.id)
        if using:
            text = _("{place} is in use: {title}. Wait until that has ended, or cancel it.")
            text = text.format(place=place.name, title=using[0].title)
            raise JobError("place_busy", text)
        return (await self._runner.start(self._orders.eject(_by(params), place))).shown()

    def _find(self, params: dict[str, Any]) -> Job:
        """Return a job; with `by` only one of that person.  Raise JobError."""
        job = self._runner.find(str(params.get("id")))
        if params.get("by") is not None and job.by != params["by"]:
            return self._runner.find("")
        return job


class Telling:
    """Publishes what changes; takes an ejected place off the list."""

    def __init__(self, bus: BusClient) -> None:
        self._bus = bus
        self.ejected: Callable[[str], None] = lambda _place: None

    def job(self, job: Job) -> None:
        """Tell a change of a job."""
        if job.kind == "eject" and job.state is JobState.DONE:
            self.ejected(job.place)
        self._publish("job.changed", {"job": job.shown()})

    def places(self, places: list[Place]) -> None:
        """Tell that places came or went."""
        self._publish("places.changed", {"places": [place.shown() for place in places]})

    def _publish(self, topic: str, payload: dict[str, Any]) -> None:
        """Tell it; what the bus does not take is logged, and the jobs go on."""
        try:
            self._bus.publish_nowait(topic, payload)
        except BusError as error:
            _log.error("Pages are not told of a change of jobs or places: %s", error.text)


def answering(method: Method) -> RequestHandler:
    """Return `method` with what was refused as the bus says it."""

    @wraps(method)
    async def answer(params: dict[str, Any]) -> Any:
        try:
            return await method(params)
        except JobError as error:
            raise BusError(f"jobs.{error.code}", error.text) from None

    return answer


def _by(params: dict[str, Any]) -> str:
    by = params.get("by")
    if not isinstance(by, str) or not 0 < len(by) <= 64:
        raise JobError("bad_order", _("A job belongs to somebody."))
    return by
