"""Jobs: what takes longer than a second, with its progress, its end and its result."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, RootModel

from appliance.accounts.permission import Permission
from appliance.bus.errors import BusError
from appliance.bus.job_messages import Job
from appliance.export.names import folder_parts
from appliance.media.dot_font import MAX_TEXT, undrawable
from appliance.text import _
from appliance.web.api.exports import ExportBody
from appliance.web.asking import TIMEOUT_S, api_error, is_away
from appliance.web.audit import note
from appliance.web.context import context
from appliance.web.errors import ApiError, FieldError
from appliance.web.guard import requester
from appliance.web.reading import invalid, not_found, read_body
from appliance.web.routing import Access, Route, login_required, not_allowed, request_access
from appliance.web.visible import sees_places

PEER = "jobs"
FOLDER = "jobs"
"""Where results lie below the state; each job's in a folder of its id."""

AHEAD_MS = 1000
"""So much the clock of who asks may be ahead."""

_NEEDED = {
    "check_volume": Permission.STORAGE,
    "verify_export": Permission.DOWNLOAD,
    "export_to_place": Permission.DOWNLOAD,
    "reencode": Permission.DOWNLOAD,
    "snapshots_to_place": Permission.DOWNLOAD,
}
"""The right that each kind of job needs."""
_STATUS = {
    "jobs.full": 409,
    "jobs.too_many": 409,
    "jobs.place_busy": 409,
    "jobs.place_read_only": 409,
    "jobs.no_place": 404,
}


class CheckVolumeBody(BaseModel):
    """Verify a volume (its id or folder); `quick` leaves out the bytes of the footage."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["check_volume"]
    volume: str = Field(min_length=1, max_length=1024)
    quick: bool = False


class ExportToPlaceBody(ExportBody):
    """Write an export to a place (see GET /api/v1/places), read it back, verify it there."""

    kind: Literal["export_to_place"]
    place: str = Field(min_length=1, max_length=64)


class MaskBody(BaseModel):
    """An area of a channel's picture to paint over; parts of its width and height."""

    model_config = ConfigDict(extra="forbid")
    channel: int = Field(ge=1, le=4096)
    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)
    width: float = Field(gt=0, le=1)
    height: float = Field(gt=0, le=1)


class ReencodeBody(ExportBody):
    """Code films anew with the time, a watermark or masks in the picture, to a place (A6.7).

    They are for looking at: only an export as recorded proves itself.
    """

    kind: Literal["reencode"]
    place: str = Field(min_length=1, max_length=64)
    clock: bool = True
    text: str = Field("", max_length=MAX_TEXT)
    sound: bool = True
    masks: list[MaskBody] = Field(default_factory=list, max_length=64)


class SnapshotsToPlaceBody(BaseModel):
    """Save pictures of a channel as JPEG on a place (D1-LV-24, D1-EN-20, D1-PB-23).

    `count` pictures, a second apart from `at` on: in ms UTC, or "now".  `folder` lies on the place
    and is made if it is not there; folders within each other are parted by "/".
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["snapshots_to_place"]
    place: str = Field(min_length=1, max_length=64)
    channel: int = Field(ge=1, le=4096)
    stream: Literal["main", "sub", "third"] = "main"
    at: Literal["now"] | Annotated[int, Field(ge=0, le=1 << 53)] = "now"
    count: int = Field(1, ge=1, le=5)
    folder: str = Field("Snapshots", min_length=1, max_length=256)


class VerifyExportBody(BaseModel):
    """Verify an export that lies on a place: its folder or file there.

    `key` is that of the recorder that should have signed it: its public key in hex, or its
    fingerprint.  Without it the result says whether this recorder signed.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["verify_export"]
    place: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=1_024)
    key: str = Field("", max_length=200)


class NetworkTestBody(BaseModel):
    """Test the network from the box (D2-MT-23): a name or address, `count` pings, a `port`."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["network_test"]
    test: Literal["ping", "dns", "route", "port"]
    target: str = Field(min_length=1, max_length=253, pattern=r"^[^\s/@\x00-\x1f]+$")
    count: int = Field(10, ge=1, le=50)
    port: int = Field(80, ge=1, le=65_535)


class DiagnosisBody(BaseModel):
    """Gather logs, events, status and settings into an archive, secrets taken out (D2-MT-44)."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["diagnosis"]


AnyBody = Annotated[
    CheckVolumeBody
    | ExportToPlaceBody
    | ReencodeBody
    | SnapshotsToPlaceBody
    | VerifyExportBody
    | NetworkTestBody
    | DiagnosisBody,
    Field(discriminator="kind"),
]


class JobBody(RootModel[AnyBody]):
    """A job to be done, by its kind."""


class JobAnswer(RootModel[Job]):
    """A job."""


class JobsAnswer(BaseModel):
    """Jobs of this person, or of everybody for whoever maintains the box; the newest first."""

    jobs: list[Job]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/jobs", get_jobs, Permission.SESSION, "Jobs and how far they are",
              "jobs", answer=JobsAnswer, errors=("jobs_away",)),
        Route("POST", "/api/v1/jobs", post_job, Permission.SESSION,
              "Start a job; each kind asks for a right of its own", "jobs", body=JobBody,
              answer=JobAnswer, status=201,
              errors=("jobs_away", "invalid", "not_allowed", "jobs.full", "jobs.too_many")),
        Route("GET", "/api/v1/jobs/{id}", get_job, Permission.SESSION, "One job", "jobs",
              answer=JobAnswer, errors=("jobs_away", "jobs.not_found")),
        Route("DELETE", "/api/v1/jobs/{id}", delete_job, Permission.SESSION,
              "Cancel a job, or take one that has ended off the list", "jobs", status=204,
              errors=("jobs_away", "jobs.not_found")),
        Route("GET", "/api/v1/jobs/{id}/result/{file}", get_result, Permission.SESSION,
              "A file of a job's result", "jobs", answer_type="application/octet-stream",
              errors=("jobs_away", "jobs.not_found", "not_found", "not_allowed")),
    ]  # fmt: skip


def sees_job(access: Access, job: dict[str, Any]) -> bool:
    """Whether a job is this person's business: their own, or they maintain the box.

    An API token sees of its owner's jobs those that it might have started itself.
    """
    if access.may(Permission.MAINTAIN):
        return True
    own = access.user is not None and access.alive and job.get("by") == access.user.name
    return own and (not access.token or _may_do(access, job))


def _may_do(access: Access, job: dict[str, Any]) -> bool:
    """Whether whoever asks has the right that a job of this kind needs, on its channels."""
    if job["kind"] == "eject":
        return sees_places(access)
    permission = _NEEDED.get(job["kind"], Permission.MAINTAIN)
    channels = job.get("channels", []) if permission.per_channel else []
    return access.may(permission) and all(access.may(permission, number) for number in channels)


def person(access: Access) -> str:
    """Return the name of who asks.  Raises ApiError 401."""
    if access.user is None:
        raise login_required()
    return access.user.name


async def ask_jobs(request: web.Request, method: str, /, **params: Any) -> Any:
    """Ask the process of the jobs.  Raises ApiError."""
    try:
        return await context(request).bus.request(method, params, to=PEER, timeout_s=TIMEOUT_S)
    except BusError as error:
        if is_away(error):
            text = _(
                "The part of the box that does jobs is starting again. Recording goes on; try "
                "again in a few seconds."
            )
            raise ApiError(503, "jobs_away", text, headers={"Retry-After": "3"}) from error
        told = api_error(error)
        told.status = _STATUS.get(error.code, told.status)
        raise told from error


async def get_jobs(request: web.Request) -> web.Response:
    """Answer the jobs this person may see."""
    answer = await ask_jobs(request, "jobs.list", **_whose(request))
    access = request_access(request)
    return web.json_response({"jobs": [job for job in answer["jobs"] if sees_job(access, job)]})


async def get_job(request: web.Request) -> web.Response:
    """Answer one of them."""
    return web.json_response(await _find(request))


async def post_job(request: web.Request) -> web.Response:
    """Start a job if the person may do what it does."""
    access = request_access(request)
    body = (await read_body(request, JobBody)).root
    order = _order(request, access, body)
    job = await ask_jobs(request, "jobs.start", kind=body.kind, by=person(access), order=order)
    if isinstance(body, DiagnosisBody):
        await note(request, "diagnosis_made")
    return web.json_response(job, status=201, headers={"Location": f"/api/v1/jobs/{job['id']}"})


def _order(request: web.Request, access: Access, body: AnyBody) -> dict[str, Any]:
    """Ask for the right that a kind needs; return what the process of the jobs is told."""
    if isinstance(body, CheckVolumeBody):
        access.require(Permission.STORAGE)
        return {"volume": body.volume, "quick": body.quick}
    if isinstance(body, VerifyExportBody):
        access.require(Permission.DOWNLOAD)
        return {"place": body.place, "name": body.name, "key": body.key}
    if isinstance(body, NetworkTestBody):
        access.require(Permission.NETWORK)
        return body.model_dump(exclude={"kind"})
    if isinstance(body, DiagnosisBody):
        access.require(Permission.MAINTAIN)
        access.require(Permission.SYSTEM)
        access.require_everywhere(Permission.LOGS)
        return {}
    if isinstance(body, SnapshotsToPlaceBody):
        return _pictures(request, access, body)
    access.require_all(Permission.DOWNLOAD, [entry.channel for entry in body.streams])
    if body.end <= body.start:
        raise invalid([FieldError("to", "order", _("The end has to be after the start."))])
    order = {
        "streams": [[entry.channel, entry.stream] for entry in body.streams],
        "from": body.start,
        "to": body.end,
        "reason": body.reason.strip(),
        "combine": body.combine,
        "place": body.place,
        "requester": requester(request),
    }
    return order | _burnt(body) if isinstance(body, ReencodeBody) else order


def _pictures(request: web.Request, access: Access, body: SnapshotsToPlaceBody) -> dict[str, Any]:
    """Return the order of pictures: "now" is when it was asked for.  Raises ApiError."""
    access.require(Permission.DOWNLOAD, body.channel)
    now = time.time_ns() // 1_000_000
    live = not isinstance(body.at, int)
    at = body.at if isinstance(body.at, int) else now
    if live:
        access.require(Permission.LIVE, body.channel)
    if at > now + AHEAD_MS:
        raise invalid([FieldError("at", "range", _("There are no pictures of the future."))])
    try:
        folder_parts(body.folder)
    except ValueError as error:
        raise invalid([FieldError("folder", "characters", str(error))]) from error
    return {
        "streams": [[body.channel, body.stream]],
        "live": live,
        "at": at,
        "count": body.count,
        "folder": body.folder,
        "place": body.place,
        "requester": requester(request),
    }


def _burnt(body: ReencodeBody) -> dict[str, Any]:
    """Return what is drawn into the pictures.  Raises ApiError 422."""
    text = body.text.strip()
    wrong = undrawable(text)
    if wrong:
        words = _("These characters cannot be written into a picture: {wrong}")
        raise invalid([FieldError("text", "characters", words.format(wrong=wrong))])
    masks = [[mask.channel, mask.x, mask.y, mask.width, mask.height] for mask in body.masks]
    return {"clock": body.clock, "text": text, "sound": body.sound, "masks": masks}


async def delete_job(request: web.Request) -> web.Response:
    """Cancel what goes on; forget what has ended."""
    job = await _find(request)
    method = "jobs.forget" if job["ended"] is not None else "jobs.cancel"
    await ask_jobs(request, method, id=job["id"], **_whose(request))
    return web.Response(status=204)


async def get_result(request: web.Request) -> web.StreamResponse:
    """Hand out a file that a job made."""
    job = await _find(request)
    access = request_access(request)
    if not (access.may(Permission.MAINTAIN) or _may_do(access, job)):
        raise not_allowed()
    name = request.match_info["file"]
    if name not in job["files"]:
        raise not_found()
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    path = context(request).paths.state / FOLDER / job["id"] / name
    return web.FileResponse(path, headers=headers)


def _whose(request: web.Request) -> dict[str, str]:
    """Return whose jobs are there for this person: {} for everybody's."""
    access = request_access(request)
    return {} if access.may(Permission.MAINTAIN) else {"by": person(access)}


async def _find(request: web.Request) -> dict[str, Any]:
    wanted = request.match_info["id"]
    job: dict[str, Any] = await ask_jobs(request, "jobs.get", id=wanted, **_whose(request))
    if not sees_job(request_access(request), job):
        text = _("There is no such job any more: they are kept for a day.")
        raise ApiError(404, "jobs.not_found", text)
    return job
