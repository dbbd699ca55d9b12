"""The box itself: versions, board, serial number, disks, memory; and what it is made of."""

from __future__ import annotations

import asyncio
import platform
from importlib import metadata
from typing import Any

import psutil
from aiohttp import web
from pydantic import BaseModel

from appliance.accounts.permission import Permission
from appliance.licences import SHIPPED
from appliance.version import VERSION
from appliance.web.asking import ask
from appliance.web.context import context
from appliance.web.routing import Route


class StoreAnswer(BaseModel):
    """A file system; bytes."""

    at: str
    file_system: str
    total: int
    free: int


class PartAnswer(BaseModel):
    """A part by others; `version` is "" where it is not told."""

    name: str
    version: str
    licence: str


class InformationAnswer(BaseModel):
    """`board` and `serial` are "" where they are not known; `booted` is ms UTC."""

    version: str
    system: str
    machine: str
    python: str
    board: str
    ports: int
    serial: str
    booted: int
    cores: int
    memory: int
    stores: list[StoreAnswer]
    parts: list[PartAnswer]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/information", get_information, Permission.STATUS,
              "Versions, board, serial number and parts of the box", "status",
              answer=InformationAnswer, errors=("supervisor_away",)),
    ]  # fmt: skip


async def get_information(request: web.Request) -> web.Response:
    """Answer what this computer and the supervisor know of the box."""
    box = await ask(request, "information.get")
    state = context(request).paths.state
    answer = await asyncio.to_thread(_gather, str(state), box)
    return web.json_response(answer.model_dump())


def _gather(state: str, box: dict[str, Any]) -> InformationAnswer:
    known = {part.mountpoint: part for part in psutil.disk_partitions(all=False)}
    stores = [_store(state, "")]
    stores += [_store(at, part.fstype) for at, part in sorted(known.items())][:24]
    return InformationAnswer(
        version=VERSION,
        system=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        python=platform.python_version(),
        board=str(box.get("board", "")),
        ports=int(box.get("ports", 0)),
        serial=str(box.get("serial", "")),
        booted=round(psutil.boot_time() * 1000),
        cores=psutil.cpu_count() or 1,
        memory=psutil.virtual_memory().total,
        stores=[store for store in stores if store is not None],
        parts=[
            PartAnswer(name=part.name, version=_version(part.package), licence=part.licence)
            for part in SHIPPED
        ],
    )


def _store(at: str, file_system: str) -> StoreAnswer | None:
    try:
        usage = psutil.disk_usage(at)
    except OSError:
        return None
    return StoreAnswer(at=at, file_system=file_system, total=usage.total, free=usage.free)


def _version(package: str) -> str:
    try:
        return metadata.version(package) if package else ""
    except metadata.PackageNotFoundError:
        return ""
