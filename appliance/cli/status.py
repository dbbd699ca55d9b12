"""`nvr status`: how the running recorder is, as a table or as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from appliance.bus.client import connected_client
from appliance.bus.errors import BusError
from appliance.cli.place import paths_for
from appliance.paths import Paths
from appliance.text import _

EXIT_UNWELL = 1
EXIT_NOT_RUNNING = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help=_("as JSON, for programs"))


def command(options: argparse.Namespace) -> int:
    """Show the status; 0: all well, 1: something is wrong, 3: it does not run."""
    try:
        status = asyncio.run(fetch(paths_for(options.folder)))
    except BusError as error:
        print(
            _("No answer: {why} Start it with `nvr run`.").format(why=error.text), file=sys.stderr
        )
        return EXIT_NOT_RUNNING
    if options.json:
        print(json.dumps(status, ensure_ascii=False, indent=2))
    else:
        print("\n".join(lines_of(status)))
    return 0 if status["health"]["level"] == "ok" else EXIT_UNWELL


async def fetch(paths: Paths) -> dict[str, Any]:
    """Ask the supervisor; raise BusError."""
    name = f"cli@{os.getpid()}"
    async with connected_client(paths.bus_socket, name, secrets.token_hex(4)) as bus:
        status: dict[str, Any] = await bus.request("status.get", timeout_s=5)
        return status


def lines_of(status: dict[str, Any]) -> Iterable[str]:
    """Yield the lines of the table."""
    box, health, host = status["box"], status["health"], status["host"]
    zone = ZoneInfo(box["zone"])
    now = datetime.fromtimestamp(box["time"] / 1000, zone)
    yield f"{box['name']}  {now:%Y-%m-%d %H:%M:%S} {box['zone']}  {box['version']}"
    yield health["sentence"]
    for item in health["items"]:
        since = _clock(item["since"], zone)
        yield f"  {item['level']:<8}{item['text']}" + (f" ({since})" if since else "")
    yield ""
    yield from _table(
        (_("Channel"), _("State"), _("Recording"), _("Streams")),
        [_channel_row(channel) for channel in status["channels"]],
    )
    yield from _table(
        (_("Volume"), _("State"), _("Used"), _("Size"), _("Oldest"), _("Write")),
        [_volume_row(volume, zone) for volume in status["volumes"]],
    )
    yield from _table(
        (_("Process"), _("State"), _("Pid"), _("Memory"), _("CPU"), _("Restarts"), _("Reason")),
        [_process_row(process) for process in status["processes"]],
    )
    heat = host["temperature_c"]
    yield _("CPU {cpu} % of {cores} cores, memory {free} of {total} free{heat}").format(
        cpu=host["cpu_percent"],
        cores=host["cores"],
        free=_bytes(host["memory_available"]),
        total=_bytes(host["memory_total"]),
        heat=f", {heat} °C" if heat is not None else "",
    )


def _channel_row(channel: dict[str, Any]) -> Sequence[str]:
    kinds = ", ".join(channel.get("kinds") or ()) or _("yes")
    streams = [
        f"{name} {s['codec']} {s['width']}x{s['height']} {s.get('fps', 0):g}/s "
        f"{s.get('bitrate_bps', 0) / 1e6:.1f} Mbit/s"
        for name, s in (channel.get("streams") or {}).items()
        if "codec" in s and "width" in s
    ]
    return (
        f"D{channel['id']} {channel['name']}".strip(),
        channel["state"],
        kinds if channel["recording"] else _("no"),
        "; ".join(streams),
    )


def _volume_row(volume: dict[str, Any], zone: ZoneInfo) -> Sequence[str]:
    return (
        volume.get("name") or volume["path"],
        volume.get("state", "?"),
        _bytes(volume.get("used")),
        _bytes(volume.get("size")),
        _clock(volume.get("oldest"), zone),
        f"{volume.get('write_ms') or 0:.0f} ms",
    )


def _process_row(process: dict[str, Any]) -> Sequence[str]:
    cpu = process["cpu"]
    return (
        process["name"],
        process["state"],
        str(process["pid"] or "-"),
        _bytes(process["rss"]),
        f"{cpu * 100:.1f} %" if cpu is not None else "-",
        str(process["restarts"]),
        process["last_reason"],
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    if not rows:
        return
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""


def _clock(when: int | None, zone: ZoneInfo) -> str:
    if not when:
        return ""
    return datetime.fromtimestamp(when / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")


def _bytes(count: float | None) -> str:
    if count is None:
        return "-"
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}" if count < 100 else f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
