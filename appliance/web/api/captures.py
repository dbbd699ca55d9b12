"""Packets of an interface, written down by the helper and handed to the browser as they come."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Literal

import psutil
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.helper.requests.capture import CHUNK_BYTES, MOST_BYTES, MOST_SECONDS
from appliance.web.asking import ask
from appliance.web.audit import note
from appliance.web.reading import read_body
from appliance.web.routing import Route, request_access

MEGABYTE = 1_000_000
POLL_S = 0.5
PCAP = "application/vnd.tcpdump.pcap"


class CaptureBody(BaseModel):
    """What is captured: an interface, for so long and so much at most.

    `address` is that of either end, "" for any; `port` of TCP or UDP, 0 for any.
    """

    model_config = ConfigDict(extra="forbid")
    interface: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,15}$")
    address: str = Field("", max_length=45)
    port: int = Field(0, ge=0, le=65_535)
    protocol: Literal["any", "tcp", "udp", "icmp", "arp"] = "any"
    seconds: int = Field(60, ge=1, le=MOST_SECONDS)
    megabytes: int = Field(20, ge=1, le=MOST_BYTES // MEGABYTE)


class StartedAnswer(BaseModel):
    """What the capture is asked for by."""

    name: str


class CaptureAnswer(BaseModel):
    """How a capture fares; `ended` is "" while it runs, else why it ended."""

    size: int
    packets: int
    missed: int
    ended: Literal["", "time", "size", "disk", "asked", "failed"]
    text: str


class InterfaceAnswer(BaseModel):
    """A network interface; `mbit_s` 0 where it is not known."""

    name: str
    up: bool
    mbit_s: int
    addresses: list[str]


def routes() -> list[Route]:
    """Routes of this subject."""
    may, base = Permission.CAPTURE, "/api/v1/captures"
    one = base + "/{id}"
    away = ("supervisor_away", "helper.absent")
    return [
        Route("GET", f"{base}/interfaces", get_interfaces, may, "Interfaces of the box", "network",
              answer=InterfaceAnswer, answer_list=True),
        Route("POST", base, post_capture, may, "Begin to write down packets", "network",
              body=CaptureBody, answer=StartedAnswer, status=201,
              errors=(*away, "invalid", "capture.busy", "capture.no_room", "capture.invalid")),
        Route("GET", one, get_capture, may, "How a capture fares", "network", answer=CaptureAnswer,
              errors=(*away, "capture.unknown")),
        Route("GET", one + "/file", get_file, may,
              "The packets as pcap, from the first on, until the capture ends", "network",
              answer_type=PCAP, errors=(*away, "capture.unknown")),
        Route("DELETE", one, delete_capture, may, "End a capture and forget it", "network",
              status=204, errors=away),
        Route("POST", one + "/stop", post_stop, may, "End a capture; its file stays", "network",
              status=204, errors=away),
    ]  # fmt: skip


async def get_interfaces(_request: web.Request) -> web.Response:
    """Answer what there is to listen to."""

    def read() -> list[dict[str, Any]]:
        addresses = psutil.net_if_addrs()
        return [
            InterfaceAnswer(
                name=name,
                up=state.isup,
                mbit_s=state.speed,
                addresses=[
                    entry.address.partition("%")[0]
                    for entry in addresses.get(name, [])
                    if entry.family.name in ("AF_INET", "AF_INET6")
                ],
            ).model_dump()
            for name, state in psutil.net_if_stats().items()
        ]

    return web.json_response(await asyncio.to_thread(read))


async def post_capture(request: web.Request) -> web.Response:
    """Begin; who, of what and for how long is in the log before the first packet is."""
    body = await read_body(request, CaptureBody)
    what = f"{body.address or '*'}:{body.port or '*'} {body.protocol}"
    await note(
        request, "packets_captured", interface=body.interface, what=what, seconds=body.seconds
    )
    wish = body.model_dump(exclude={"megabytes"})
    answer = await ask(request, "capture.start", **wish, most_bytes=body.megabytes * MEGABYTE)
    return web.json_response(answer, status=201)


async def get_capture(request: web.Request) -> web.Response:
    """Answer how it fares."""
    chunk = await _read(request, 0, 0)
    chunk.pop("data")
    return web.json_response(chunk)


async def get_file(request: web.Request) -> web.StreamResponse:
    """Send what is there, and what comes, until the capture ends or the person may no more."""
    access = request_access(request)
    chunk = await _read(request, 0)
    response = web.StreamResponse(
        headers={
            "Content-Type": PCAP,
            "Content-Disposition": 'attachment; filename="capture.pcap"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(request)
    offset = 0
    while access.may(Permission.CAPTURE):
        data = base64.b64decode(chunk["data"])
        if data:
            await response.write(data)
            offset += len(data)
        elif chunk["ended"]:
            break
        else:
            await asyncio.sleep(POLL_S)
        chunk = await _read(request, offset)
    await response.write_eof()
    return response


async def post_stop(request: web.Request) -> web.Response:
    """End it."""
    await ask(request, "capture.stop", name=request.match_info["id"])
    return web.Response(status=204)


async def delete_capture(request: web.Request) -> web.Response:
    """End it and have its file removed."""
    await ask(request, "capture.stop", name=request.match_info["id"], forget=True)
    return web.Response(status=204)


async def _read(request: web.Request, offset: int, most: int = CHUNK_BYTES) -> dict[str, Any]:
    wish = {"name": request.match_info["id"], "offset": offset, "most": most}
    answer: dict[str, Any] = await ask(request, "capture.read", **wish)
    return answer
