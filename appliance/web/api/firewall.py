"""The firewall: who would be cut off, rules on trial, keeping them; what listens; remote shell."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from appliance.accounts.permission import Permission
from appliance.web.asking import ask
from appliance.web.errors import ApiError
from appliance.web.guard import CONNECTIONS, requester
from appliance.web.reading import read_body
from appliance.web.routing import Route, request_access
from appliance.web.session_keeper import SESSIONS

_AWAY = ("supervisor_away",)


class TrialAnswer(BaseModel):
    """New rules that go by themselves at `until` (ms UTC), in `left_s` seconds."""

    until: int
    left_s: float


class FirewallAnswer(BaseModel):
    """What is in force; `simulated`: nothing of this computer is changed; `fault` in words."""

    mode: Literal["off", "allow", "block"]
    simulated: bool
    fault: str
    trial: TrialAnswer | None


class PreviewBody(BaseModel):
    """Fields of the page Firewall as they would be."""

    model_config = ConfigDict(extra="forbid")
    values: dict[str, Any]


class CutOff(BaseModel):
    """Somebody who is signed in and would not get in any more."""

    name: str
    address: str


class PreviewAnswer(BaseModel):
    """Who would be cut off; `you`: whoever asks is among them."""

    cut_off: list[CutOff]
    you: bool


class ServiceAnswer(BaseModel):
    """A service; `page` and `field` name its switch, `how` says where it is otherwise.

    `ports` is "" where none is set.  `state`: "silent" is on though nothing listens, "open" is off
    though something does.
    """

    slug: str
    title: str
    why: str
    protocol: Literal["tcp", "udp"]
    ports: str
    reach: Literal["everybody", "cameras", "this_machine"]
    on: bool
    state: Literal["on", "off", "silent", "open"]
    page: str
    field: str
    how: str
    default: bool
    risky: bool
    programs: list[str]


class ListenerAnswer(BaseModel):
    """A socket that belongs to no service; `local`: only this machine reaches it."""

    protocol: Literal["tcp", "udp"]
    address: str
    port: int
    program: str
    local: bool


class SshAnswer(BaseModel):
    """The remote shell; `keys`: how many open it; `minutes`: how long it would stay on."""

    on: bool
    left_s: float
    until: int | None
    keys: int
    minutes: int


class ServicesAnswer(BaseModel):
    """What listens where and why, beside what really does."""

    services: list[ServiceAnswer]
    unknown: list[ListenerAnswer]
    ssh: SshAnswer
    simulated: bool


class SshBody(BaseModel):
    """Switch the remote shell on, for the time of the settings, or off."""

    model_config = ConfigDict(extra="forbid")
    on: bool


def routes() -> list[Route]:
    """Routes of this subject."""
    right = Permission.NETWORK
    return [
        Route("GET", "/api/v1/firewall", get_firewall, right, "The firewall and its trial",
              "security", answer=FirewallAnswer, errors=_AWAY),
        Route("POST", "/api/v1/firewall/preview", post_preview, right,
              "Who would be cut off by other rules", "security", body=PreviewBody,
              answer=PreviewAnswer, errors=("settings.invalid", *_AWAY)),
        Route("POST", "/api/v1/firewall/keep", post_keep, right,
              "Keep the rules on trial, by a connection made since", "security", status=204,
              errors=("firewall.no_trial", "firewall.cut_off", "firewall.old_connection", *_AWAY)),
        Route("POST", "/api/v1/firewall/take-back", post_take_back, right,
              "Have the former rules again at once", "security", status=204,
              errors=("firewall.no_trial", *_AWAY)),
        Route("GET", "/api/v1/services", get_services, right,
              "What listens where and why, and what listens besides", "security",
              answer=ServicesAnswer, errors=_AWAY),
        Route("POST", "/api/v1/services/ssh", post_ssh, right,
              "Switch the remote shell on for a limited time, or off", "security", body=SshBody,
              status=204, errors=("services.no_ssh_key", *_AWAY)),
    ]  # fmt: skip


async def get_firewall(request: web.Request) -> web.Response:
    """Answer how it is."""
    return web.json_response(await ask(request, "firewall.get"))


async def post_preview(request: web.Request) -> web.Response:
    """Answer for everybody who is signed in now."""
    body = await read_body(request, PreviewBody)
    callers = {(s.user.name, s.address) for s in request.config_dict[SESSIONS].all()}
    answer = await ask(
        request,
        "firewall.preview",
        values=body.values,
        callers=[{"name": name, "address": address} for name, address in sorted(callers)],
        address=request_access(request).address,
    )
    return web.json_response(answer)


async def post_keep(request: web.Request) -> web.Response:
    """Keep; a connection from before is closed with the refusal, so that the next one counts."""
    connection = request.config_dict[CONNECTIONS].of(request.protocol)
    try:
        await ask(
            request,
            "firewall.keep",
            address=request_access(request).address,
            connected_s=connection.since if connection is not None else 0.0,
            actor=requester(request),
        )
    except ApiError as error:
        response = error.response()
        response.force_close()
        return response
    return web.Response(status=204)


async def post_take_back(request: web.Request) -> web.Response:
    """Take back."""
    await ask(request, "firewall.take_back", actor=requester(request))
    return web.Response(status=204)


async def get_services(request: web.Request) -> web.Response:
    """Answer what listens."""
    return web.json_response(await ask(request, "services.list"))


async def post_ssh(request: web.Request) -> web.Response:
    """Switch."""
    body = await read_body(request, SshBody)
    await ask(request, "services.ssh", on=body.on, actor=requester(request))
    return web.Response(status=204)
