"""Job `snapshots_to_place`: pictures of a channel as JPEG on a stick or folder (D1-LV-24)."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import av.error

from appliance.export.errors import ExportError
from appliance.export.names import distinct, picture_name
from appliance.export.sink import partial_path
from appliance.export.still import encode_still
from appliance.jobs.errors import JobCancelled, JobError
from appliance.jobs.kinds.export_to_place import begin, plan_order
from appliance.jobs.kinds.reencode import MEMORY_BYTES, place_errors, sync_folder
from appliance.jobs.priority import bound_memory
from appliance.jobs.reporting import Outcome, Report
from appliance.jobs.stills import (
    AFTER_NS,
    BEFORE_NS,
    Frame,
    Pick,
    decoded_units,
    live_units,
    stored_frames,
)
from appliance.media.types import AccessUnit
from appliance.paths import Paths
from appliance.storage.model import StreamId, StreamName
from appliance.text import _

LIVE_NS = 10_000_000_000
"""Of instants no longer ago the live stream is asked first: not all that is seen is recorded."""

STORED_WITHIN_NS = 6_000_000_000
"""So long after an instant its footage is waited for: a tick, a write and a slow sync."""

_AGAIN_S = 0.5
_SLACK = 1 << 20
_MS = 1_000_000


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Take the pictures and write them: all of them, or nothing.

    `order`: as for `export_to_place` with one stream, and instants (ms UTC, rising), live (what
    the camera sends may be taken, recorded or not), below (the folders on the place, made where
    they are not there).
    Raises ExportError, JobError, JobCancelled.
    """
    bound_memory(MEMORY_BYTES)
    av.logging.set_level(av.logging.PANIC)
    place_folder, place = begin(order, report)
    instants = [int(at) * _MS for at in order["instants"]]
    frames = _Taking(order, instants, report).frames()
    channel, name = order["streams"][0]
    word = "" if name == StreamName.MAIN.value else str(name)
    zone = ZoneInfo(order["zone"])
    title = str(order["names"].get(str(channel), ""))
    pictures = [
        (picture_name(int(channel), title, utc_ns, zone, stream=word), _coded(frame))
        for utc_ns, frame in frames
    ]
    below = [str(part) for part in order["below"]]
    names = PictureWriter(place_folder, below, place, report).write(pictures)
    size = sum(len(data) for _name, data in pictures)
    text = _told(place, "/".join(below), names, len(instants))
    return Outcome(text, {"folder": "/".join(below), "pictures": names, "bytes": size})


def _told(place: str, folder: str, names: Sequence[str], wanted: int) -> str:
    words = _("{count} pictures saved to {place}, folder {folder}.")
    if len(names) == 1:
        words = _("One picture saved to {place}, folder {folder}: {name}.")
    text = words.format(count=len(names), place=place, folder=folder, name=names[0])
    if len(names) < wanted:
        more = _("{wanted} were wanted; the camera gave no more at these times.")
        text = " ".join([text, more.format(wanted=wanted)])
    return text


class _Taking:
    """Finds the pictures of an order's instants."""

    def __init__(self, order: dict[str, Any], instants: Sequence[int], report: Report) -> None:
        self._order = order
        self._instants = instants
        self._report = report
        self._paths = Paths.from_environment()
        channel, name = order["streams"][0]
        self._stream = StreamId(int(channel), StreamName(name))

    def frames(self) -> list[Frame]:
        """Return them; raise ExportError (no_footage, ...), JobError, JobCancelled."""
        pick = Pick(self._instants)
        units: list[AccessUnit] = []
        if self._order["live"] and time.time_ns() - self._instants[-1] < LIVE_NS:
            units = live_units(
                self._paths, self._stream, self._instants[-1], self._report.cancelled
            )
            pick.look(decoded_units(units))
        while pick.missing:
            self._report.progress(0, len(self._instants), "frames", "planning")
            final = time.time_ns() > self._instants[-1] + STORED_WITHIN_NS
            settled = self._stored(pick)
            if settled or final:
                break
            time.sleep(_AGAIN_S)
        # Nothing is stored, and the job began later than the last key frame: better late than none.
        frames = pick.frames or list(islice(decoded_units(units), 1))
        if not frames:
            text = _("D{channel}: there is no picture of this time, neither live nor recorded.")
            raise JobError("no_footage", text.format(channel=self._stream.channel))
        return frames

    def _stored(self, pick: Pick) -> bool:
        """Look at what is stored; return whether it reaches beyond the last instant."""
        first, last = max(0, pick.missing[0] - BEFORE_NS), self._instants[-1] + AFTER_NS
        order = {
            **self._order, "from": first // _MS, "to": last // _MS + 1, "combine": False,
        }  # fmt: skip
        try:
            reader, plan = plan_order(order, self._paths, self._report.cancelled)
        except ExportError as error:
            if error.code != "no_footage":
                raise
            return False
        try:
            return pick.look(stored_frames(plan, self._report.cancelled))
        finally:
            reader.close()


def _coded(frame: Any) -> bytes:
    try:
        return encode_still(frame, "mjpeg")
    except (ValueError, av.error.FFmpegError) as error:
        text = _("The picture cannot be made into a JPEG: {reason}.")
        raise JobError("not_decoded", text.format(reason=error)) from error


class PictureWriter:
    """Writes pictures into a folder below a place, under partial names until all are whole."""

    def __init__(
        self, place_folder: Path, below: Sequence[str], place: str, report: Report
    ) -> None:
        self._root = place_folder
        self._below = below
        self._place = place
        self._report = report
        self._made: list[Path] = []

    def write(self, pictures: Sequence[tuple[str, bytes]]) -> list[str]:
        """Return the names the pictures have got; raise JobError, JobCancelled."""
        self._check_room(sum(len(data) for _name, data in pictures))
        partial = None
        try:
            with place_errors(self._place):
                folder = self._folder()
                partial = partial_path(folder, pictures[0][0], self._report.job)
                self._report.writes(partial)
                partial.mkdir()
                for number, (name, data) in enumerate(pictures):
                    self._report.progress(number, len(pictures), "frames", "writing")
                    self._write(partial / name, data)
                sync_folder(partial)
                for number, (name, data) in enumerate(pictures):
                    self._report.progress(number, len(pictures), "frames", "verifying")
                    self._read_back(partial / name, data)
                return self._place_them(partial, [name for name, _data in pictures])
        except BaseException:
            if partial is not None:
                shutil.rmtree(partial, ignore_errors=True)
            for made in reversed(self._made):
                with contextlib.suppress(OSError):
                    made.rmdir()
            raise

    def _check_room(self, size: int) -> None:
        with place_errors(self._place):
            free = shutil.disk_usage(self._root).free
        if free < size + _SLACK:
            text = _(
                "{place} has {free} MB free, the pictures need {needed} MB. Remove something from "
                "it, or use another one."
            )
            values = {"free": free // 1_000_000, "needed": -(-(size + _SLACK) // 1_000_000)}
            raise JobError("no_room", text.format(place=self._place, **values))

    def _folder(self) -> Path:
        """Return the folder for the pictures, made where it is not there; raise JobError, OSError.

        Links on the place are not followed: they may lead off it.
        """
        folder = self._root
        for part in self._below:
            folder = folder / part
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                self._made.append(folder)
            if folder.is_symlink() or not folder.is_dir():
                text = _(
                    "{name} on {place} is no folder that pictures can be saved in. Choose another "
                    "name."
                )
                raise JobError("bad_order", text.format(name=part, place=self._place))
        return folder

    def _write(self, path: Path, data: bytes) -> None:
        with path.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())

    def _read_back(self, path: Path, data: bytes) -> None:
        """Read what the disk has, not what memory remembers of it; raise JobError (changed)."""
        with path.open("rb") as written:
            os.posix_fadvise(written.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            if written.read() != data:
                text = _(
                    "What was written to {place} reads back differently. The stick or disk is "
                    "failing; use another one."
                )
                raise JobError("changed", text.format(place=self._place))

    def _place_them(self, partial: Path, names: Sequence[str]) -> list[str]:
        """Give the pictures their names, with a number where one is taken; return them."""
        if self._report.cancelled():
            raise JobCancelled
        folder = partial.parent
        taken = [path.name for path in folder.iterdir()]
        given = distinct([*taken, *names])[len(taken) :]
        for name, wanted in zip(names, given, strict=True):
            (partial / name).rename(folder / wanted)
        partial.rmdir()
        sync_folder(folder)
        return given
