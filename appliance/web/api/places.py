"""Places besides the browser, USB sticks and mounted folders: exports go there, films play."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel

from appliance.accounts.permission import Permission
from appliance.bus.job_messages import Place
from appliance.web.api.jobs import JobAnswer, ask_jobs, person
from appliance.web.reading import not_found
from appliance.web.routing import Route, request_access
from appliance.web.visible import sees_places


class PlacesAnswer(BaseModel):
    """What is plugged in or mounted now; nothing for whoever may neither export nor play back."""

    places: list[Place]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/places", get_places, Permission.SESSION,
              "Sticks and mounted folders", "jobs", answer=PlacesAnswer,
              errors=("jobs_away",)),
        Route("POST", "/api/v1/places/{id}/eject", post_eject, Permission.SESSION,
              "Write everything out so that a stick can be pulled", "jobs", answer=JobAnswer,
              status=201, errors=("jobs_away", "jobs.no_place", "jobs.place_busy")),
    ]  # fmt: skip


async def get_places(request: web.Request) -> web.Response:
    """Answer what is there."""
    if not sees_places(request_access(request)):
        return web.json_response({"places": []})
    return web.json_response(await ask_jobs(request, "places.list"))


async def post_eject(request: web.Request) -> web.Response:
    """Start the job that ends with "can be pulled now"."""
    access = request_access(request)
    if not access.may(Permission.DOWNLOAD):
        raise not_found()
    wanted = request.match_info["id"]
    job = await ask_jobs(request, "places.eject", place=wanted, by=person(access))
    return web.json_response(job, status=201, headers={"Location": f"/api/v1/jobs/{job['id']}"})
