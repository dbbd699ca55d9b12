"""The recorder's own network: what there is, changing it on trial, asking the segment."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.bus.network_messages import NetworkInterface, NetworkOutcome, NetworkTrial
from appliance.web.asking import ask
from appliance.web.guard import requester
from appliance.web.reading import read_body, read_query
from appliance.web.routing import Route

_SMALL = 1024
_MAX_BODY = 64 * 1024


class NetworkAnswer(BaseModel):
    """Interfaces with link, addresses and load (bit/s).

    `trial`: a change that waits to be confirmed; `outcome`: how the last one ended.
    """

    simulated: bool
    offline: bool
    mode: str
    fault: str
    interfaces: list[NetworkInterface]
    trial: NetworkTrial | None
    outcome: NetworkOutcome | None


class LoadQuery(BaseModel):
    """Ten minutes by the second, or a day by the minute."""

    model_config = ConfigDict(extra="forbid")
    span: Literal["minutes", "day"] = "minutes"


class LoadAnswer(BaseModel):
    """Bit/s received and sent in steps of `step_s` seconds, of which the last ends now."""

    interface: str
    span: Literal["minutes", "day"]
    step_s: float
    rx_bps: list[float | None]
    tx_bps: list[float | None]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChangeBody(_Strict):
    """Fields of the page TCP/IP to change, or of one of its interfaces (`item`)."""

    item: str | None = Field(None, max_length=15)
    changes: dict[str, Any]
    etag: str | None = Field(None, max_length=64)


class ChangeAnswer(BaseModel):
    """`token` confirms the change from anywhere; null where nothing has to be confirmed."""

    version: int
    token: str | None
    trial: NetworkTrial | None


class TestBody(_Strict):
    """An IPv4 address, and the interface in whose segment it is looked for."""

    interface: str = Field(max_length=15)
    address: str = Field(max_length=45)


class TestAnswer(BaseModel):
    """Hardware addresses of all who bear it; none: it is free."""

    used_by: list[str]


class ScanBody(_Strict):
    """A Wi-Fi interface."""

    interface: str = Field(max_length=15)


class Site(BaseModel):
    """A Wi-Fi network in reach."""

    ssid: str
    signal_percent: int
    secure: bool
    connected: bool


class ScanAnswer(BaseModel):
    """The strongest first."""

    sites: list[Site]


class ConfirmBody(_Strict):
    """The token that the change was answered with."""

    token: str = Field(min_length=8, max_length=64)


def routes() -> list[Route]:
    """Routes of this subject."""
    base = "/api/v1/network"
    may = Permission.NETWORK
    away = "supervisor_away"
    return [
        Route("GET", base, get_network, Permission.STATUS,
              "Interfaces of the recorder, and a change that waits to be confirmed", "network",
              answer=NetworkAnswer, errors=(away,)),
        Route("GET", f"{base}/{{id}}/history", get_history, Permission.STATUS,
              "Load of an interface over time", "network", query=LoadQuery, answer=LoadAnswer,
              errors=("network.no_interface", away)),
        Route("POST", f"{base}/change", post_change, may,
              "Change the network on trial: taken back in 60 s unless confirmed", "network",
              body=ChangeBody, answer=ChangeAnswer, body_bytes=_MAX_BODY,
              errors=("settings.invalid", "settings.stale", "network.address_in_use", away)),
        Route("POST", f"{base}/keep", post_keep, may, "Confirm the change on trial", "network",
              status=204, errors=("network.no_trial", "network.not_yet", away)),
        Route("POST", f"{base}/confirm", post_confirm, Permission.PUBLIC,
              "Confirm the change on trial by its token, from the new address", "network",
              body=ConfirmBody, status=204, body_bytes=_SMALL,
              errors=("network.no_trial", "network.not_yet", away)),
        Route("POST", f"{base}/revert", post_revert, may, "Take the change on trial back",
              "network", status=204, errors=("network.no_trial", away)),
        Route("POST", f"{base}/test", post_test, may, "Ask who bears an address (ARP)", "network",
              body=TestBody, answer=TestAnswer, body_bytes=_SMALL,
              errors=("network.no_address", "network.no_interface", "network.no_link", away)),
        Route("POST", f"{base}/scan", post_scan, may, "Look for Wi-Fi networks", "network",
              body=ScanBody, answer=ScanAnswer, body_bytes=_SMALL,
              errors=("network.no_wifi", away)),
    ]  # fmt: skip


async def get_network(request: web.Request) -> web.Response:
    """Answer what there is."""
    return web.json_response(await ask(request, "network.get"))


async def get_history(request: web.Request) -> web.Response:
    """Answer the load of an interface."""
    query = read_query(request, LoadQuery)
    name = request.match_info["id"][:16]
    return web.json_response(await ask(request, "network.history", interface=name, span=query.span))


async def post_change(request: web.Request) -> web.Response:
    """Change it, on trial."""
    body = await read_body(request, ChangeBody)
    wish: dict[str, Any] = {"changes": body.changes, "actor": requester(request)}
    if body.item is not None:
        wish["item"] = body.item
    if body.etag is not None:
        wish["etag"] = body.etag
    return web.json_response(await ask(request, "network.change", **wish))


async def post_keep(request: web.Request) -> web.Response:
    """Confirm it in the name of who is signed in."""
    await ask(request, "network.keep", actor=requester(request))
    return web.Response(status=204)


async def post_confirm(request: web.Request) -> web.Response:
    """Confirm it by its token: at the new address nobody is signed in yet."""
    body = await read_body(request, ConfirmBody)
    await ask(request, "network.keep", token=body.token, actor=requester(request))
    return web.Response(status=204)


async def post_revert(request: web.Request) -> web.Response:
    """Take it back."""
    await ask(request, "network.revert", actor=requester(request))
    return web.Response(status=204)


async def post_test(request: web.Request) -> web.Response:
    """Ask who bears an address."""
    body = await read_body(request, TestBody)
    answer = await ask(request, "network.test", interface=body.interface, address=body.address)
    return web.json_response(answer)


async def post_scan(request: web.Request) -> web.Response:
    """Look for Wi-Fi networks."""
    body = await read_body(request, ScanBody)
    return web.json_response(await ask(request, "network.scan", interface=body.interface))
