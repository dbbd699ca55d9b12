"""Captures of packets: begun, read and ended; the files lie in the spool."""

from __future__ import annotations

import asyncio
import base64
import secrets
import shutil
import socket

from appliance.helper.contract import Done, HelperError
from appliance.helper.domain import Domain
from appliance.helper.host import Host
from appliance.helper.packets import RESERVE_BYTES, Capture, LinkSource, Source, Wanted
from appliance.helper.requests.capture import (
    Chunk,
    ReadCapture,
    StartCapture,
    Started,
    StopCapture,
)
from appliance.helper.sim.packets import SimulatedSource
from appliance.text import _

DOMAIN = Domain("capture")
KEPT = 2
"""Captures that are kept; the oldest goes when another one begins."""

_captures: dict[str, Capture] = {}


@DOMAIN.verb(StartCapture)
async def start(request: StartCapture, host: Host) -> Started:
    """Begin; refuses what would leave too little room on the disk."""
    try:
        wanted = Wanted.of(request.address, request.port, request.protocol)
    except ValueError:
        raise _wrong("address", _("must be an IPv4 or IPv6 address, or empty")) from None
    if request.port and request.protocol in ("icmp", "arp"):
        raise _wrong("port", _("must be empty: only TCP and UDP have ports"))
    if any(not capture.ended for capture in _captures.values()):
        raise HelperError("capture.busy", _("Another capture is running. End it first."))

    def free() -> int:
        return shutil.disk_usage(host.spool).free

    if free() - request.most_bytes < RESERVE_BYTES:
        text = _("There is not enough room for it on the disk of the box ({mb} MB are free).")
        text = text.format(mb=free() // 1_000_000)
        raise HelperError("capture.no_room", text, fields=[
            {"path": "megabytes", "code": "no_room", "text": _("is more than there is room for")}
        ])  # fmt: skip
    source = _source(request.interface, simulated=host.simulated)
    while len(_captures) >= KEPT:
        oldest = next(iter(_captures))
        _captures.pop(oldest).path.unlink(missing_ok=True)
    name = secrets.token_hex(16)
    capture = Capture(
        host.spool / f"{name}.pcap", wanted, float(request.seconds), request.most_bytes, free
    )
    _captures[name] = capture
    host.keep(_run(capture, source), name)
    return Started(name=name)


@DOMAIN.verb(ReadCapture)
async def read(request: ReadCapture, host: Host) -> Chunk:
    """Return what was written meanwhile."""
    del host
    capture = _captures.get(request.name)
    if capture is None:
        raise HelperError("capture.unknown", _("This capture is not there any more."))
    ended, size, text = capture.ended, capture.size, capture.text
    data = b""
    if request.most:
        data = await asyncio.to_thread(_part, capture, request.offset, request.most)
    return Chunk(
        data=base64.b64encode(data).decode(),
        size=size,
        packets=capture.packets,
        missed=capture.missed,
        ended=ended,
        text=text,
    )


@DOMAIN.verb(StopCapture)
async def stop(request: StopCapture, host: Host) -> Done:
    """End it, and remove its file where that is wanted."""
    del host
    capture = _captures.get(request.name)
    if capture is not None:
        capture.stop()
        if request.forget:
            del _captures[request.name]
            capture.path.unlink(missing_ok=True)
    return Done()


async def _run(capture: Capture, source: Source) -> None:
    try:
        await asyncio.to_thread(capture.run, source)
    finally:
        capture.stop()


def _source(interface: str, *, simulated: bool) -> Source:
    if simulated:
        return SimulatedSource()
    try:
        socket.if_nametoindex(interface)
    except OSError:
        raise _wrong("interface", _("is no network interface of this box")) from None
    try:
        return LinkSource(interface)
    except OSError as error:
        text = _("The interface cannot be listened to: {why}.")
        raise HelperError("capture.failed", text.format(why=error.strerror or error)) from error


def _part(capture: Capture, offset: int, most: int) -> bytes:
    try:
        with capture.path.open("rb") as file:
            file.seek(offset)
            return file.read(most)
    except OSError:
        return b""


def _wrong(path: str, text: str) -> HelperError:
    field = {"path": path, "code": "wrong", "text": text}
    return HelperError("capture.invalid", _("Nothing was captured."), fields=[field])
