"""Health of the box: findings in words, with buttons that mend and the way to put them aside."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.bus.status_messages import HealthItem, PingStatus
from appliance.web.asking import ask
from appliance.web.audit import note
from appliance.web.guard import origin
from appliance.web.reading import not_found, read_body
from appliance.web.routing import Route, request_access
from appliance.web.visible import visible_health

_SMALL = 4096


class HealthAnswer(BaseModel):
    """Level ok, warning or error; findings that count, and those that are put aside.

    `ping`: whether somebody outside is called while all is recorded, and how that goes.
    """

    level: str
    sentence: str
    items: list[HealthItem]
    aside: list[HealthItem]
    ping: PingStatus


class FixBody(BaseModel):
    """Which of the finding's buttons."""

    model_config = ConfigDict(extra="forbid")
    fix: str = Field(max_length=64)


class FixAnswer(BaseModel):
    """What was wrong when the button was pressed."""

    finding: str


class SnoozeBody(BaseModel):
    """For how long, and why; it is told again sooner if it gets worse."""

    model_config = ConfigDict(extra="forbid")
    hours: int
    reason: str = Field(max_length=400)


def routes() -> list[Route]:
    """Routes of this subject."""
    one = "/api/v1/health/{id}"
    return [
        Route("GET", "/api/v1/health", get_health, Permission.STATUS,
              "Whether everything is all right, and what is not", "status", answer=HealthAnswer,
              errors=("supervisor_away",)),
        Route("POST", f"{one}/fix", post_fix, Permission.STATUS,
              "Press a button of a finding; each needs a right of its own", "status",
              body=FixBody, answer=FixAnswer, body_bytes=_SMALL,
              errors=("not_found", "not_allowed", "health.no_fix", "supervisor_away")),
        Route("POST", f"{one}/snooze", post_snooze, Permission.MAINTAIN,
              "Put a finding aside for a while", "status", body=SnoozeBody, status=204,
              body_bytes=_SMALL,
              errors=("not_found", "health.invalid", "health.not_saved", "supervisor_away")),
        Route("POST", f"{one}/wake", post_wake, Permission.MAINTAIN,
              "Count a finding again", "status", status=204, body_bytes=_SMALL,
              errors=("not_found", "health.not_aside", "health.not_saved", "supervisor_away")),
    ]  # fmt: skip


async def get_health(request: web.Request) -> web.Response:
    """Answer what this person may know."""
    answer = await ask(request, "health.get")
    health = visible_health(request_access(request), answer["health"])
    return web.json_response({**health, "ping": answer["ping"]})


async def post_fix(request: web.Request) -> web.Response:
    """Do what the button says, if the person may."""
    body = await read_body(request, FixBody)
    finding = await _finding(request)
    for fix in finding["fixes"]:
        if fix["slug"] == body.fix:
            request_access(request).require(Permission(fix["permission"]))
    answer = await ask(
        request,
        "health.fix",
        finding=finding["finding"],
        fix=body.fix,
        actor=origin(request).name,
    )
    await note(request, "health_fixed", finding=answer["finding"], fix=answer["fix"])
    return web.json_response(FixAnswer(finding=answer["finding"]).model_dump())


async def post_snooze(request: web.Request) -> web.Response:
    """Put it aside."""
    body = await read_body(request, SnoozeBody)
    finding = await _finding(request)
    answer = await ask(
        request,
        "health.snooze",
        finding=finding["finding"],
        hours=body.hours,
        reason=body.reason,
        by=origin(request).name,
    )
    reason = " ".join(body.reason.split())
    await note(
        request, "health_snoozed", finding=answer["finding"], hours=body.hours, reason=reason
    )
    return web.Response(status=204)


async def post_wake(request: web.Request) -> web.Response:
    """Count it again."""
    finding = await _finding(request)
    answer = await ask(request, "health.wake", finding=finding["finding"])
    await note(request, "health_woken", finding=answer["finding"])
    return web.Response(status=204)


async def _health(request: web.Request) -> dict[str, Any]:
    health = (await ask(request, "health.get"))["health"]
    return visible_health(request_access(request), health)


async def _finding(request: web.Request) -> dict[str, Any]:
    """Return the finding of the address, as far as this person may know of it."""
    health = await _health(request)
    for item in (*health["items"], *health["aside"]):
        if item["finding"] == request.match_info["id"]:
            found: dict[str, Any] = item
            return found
    raise not_found()
