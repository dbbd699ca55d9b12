"""Job `export_to_place`: an export written to a stick or folder, read back and verified there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.export.errors import ExportError
from appliance.export.plan import ExportPlan, plan_export
from appliance.export.request import BoxIdentity, ExportRequest
from appliance.export.sink import Progress, write_to_folder
from appliance.jobs.box import BusSigner, open_blocks
from appliance.jobs.errors import JobError
from appliance.jobs.reporting import Outcome, Report
from appliance.paths import Paths
from appliance.storage.model import StreamId, StreamName
from appliance.storage.reader import FootageReader
from appliance.text import _
from appliance.version import VERSION

STORED_AFTER_MS = 3000
"""So long after an instant its footage is on the disk: a fragment, a tick and a slow sync."""

_NOW_MS = 1000
_WAIT_S = 0.1
_MS = 1_000_000
_GB = 1e9


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Plan and write.

    `order`: streams [[channel, name]], from, to (ms UTC), by, reason, combine; volumes (paths),
    zone, names {channel: name}, box; folder, fsid, place (its name).
    Raises ExportError, JobError, JobCancelled.
    """
    paths = Paths.from_environment()
    folder, place = begin(order, report)
    wait_until_stored(int(order["to"]), report)
    reader, plan = plan_order(order, paths, report.cancelled)

    def progress(told: Progress) -> None:
        report.note(told.done_bytes, told.total_bytes, "bytes", told.phase)

    try:
        written = write_to_folder(
            plan, folder, signer=BusSigner(paths), progress=progress,
            cancelled=report.cancelled, begins=report.writes, job=report.job,
        )  # fmt: skip
    except ExportError as error:
        raise ExportError(error.code, error.text.replace(str(folder), place)) from error
    finally:
        reader.close()
    words = _("Saved to {place} as {name} and read back from there: {count} files, {size} GB.")
    if len(plan.movies) == 1:
        words = _("Saved to {place} as {name} and read back from there: one film, {size} GB.")
    text = words.format(
        place=place, name=written.name, count=len(plan.movies),
        size=f"{plan.total_bytes / _GB:.2f}",
    )  # fmt: skip
    if plan.gaps:
        text = " ".join([text, _("Some of the time was not recorded; the manifest says when.")])
    return Outcome(
        text, {"folder": written.name, "bytes": plan.total_bytes, "gaps": len(plan.gaps)}
    )


def wait_until_stored(end_ms: int, report: Report, clock: Callable[[], float] = time.time) -> None:
    """Wait for the last second of a time that ends about now (D1-LV-23); raise JobCancelled.

    `end_ms` is UTC; a time that reaches well beyond now ends with what is stored already.
    """
    if end_ms > clock() * 1000 + _NOW_MS:
        return
    while clock() * 1000 < end_ms + STORED_AFTER_MS:
        report.progress(0, 0, "bytes", "planning")
        time.sleep(_WAIT_S)


def plan_order(
    order: dict[str, Any], paths: Paths, stop: Callable[[], bool]
) -> tuple[FootageReader, ExportPlan]:
    """Plan what an order asks for; the caller closes the reader.  Raises ExportError."""
    wanted = ExportRequest(
        tuple(StreamId(int(channel), StreamName(name)) for channel, name in order["streams"]),
        int(order["from"]) * _MS, int(order["to"]) * _MS,
        str(order["by"]), str(order["reason"]), bool(order["combine"]),
    )  # fmt: skip
    blocks = open_blocks(paths)
    reader = FootageReader([Path(volume) for volume in order["volumes"]], lambda: blocks)
    names = {int(channel): str(name) for channel, name in order["names"].items()}
    try:
        box = BoxIdentity(str(order["box"]), VERSION)
        zone = ZoneInfo(order["zone"])
        return reader, plan_export(reader, wanted, names, zone, box, stop=stop)
    except BaseException:
        reader.close()
        raise


def begin(order: dict[str, Any], report: Report) -> tuple[Path, str]:
    """Return the folder and what people call it, once it is there; raise JobError.

    Films are for whoever gets the stick: others may read them.
    """
    os.umask(0o022)
    folder, place = Path(order["folder"]), str(order["place"])
    _still_there(folder, int(order["fsid"]), place)
    report.progress(0, 0, "bytes", "planning")
    return folder, place


def _still_there(folder: Path, fsid: int, place: str) -> None:
    """Refuse a folder that is not what it was when the job was ordered; raise JobError."""
    try:
        there = os.statvfs(folder).f_fsid == fsid
    except OSError:
        there = False
    if not there:
        text = _("{place} is not there any more. Plug it in again and start the export again.")
        raise JobError("gone", text.format(place=place))
