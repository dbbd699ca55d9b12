"""What exported files are called, and how their times are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from appliance.storage.model import StreamId, StreamName
from appliance.text import _

MOST_FOLDERS = 4
MOST_FOLDER = 60
"""Characters of the name of a folder."""

_NS = 1_000_000_000
_UNSAFE = re.compile(r"[^\w .,+()-]", re.UNICODE)


def local_time(utc_ns: int, zone: tzinfo) -> datetime:
    """Return an instant in the time zone of the box, to the microsecond."""
    return datetime.fromtimestamp(utc_ns // 1000 / 1_000_000, UTC).astimezone(zone)


def iso_time(utc_ns: int, zone: tzinfo = UTC) -> str:
    """Return "2026-11-21T13:05:00.250+01:00": the offset tells both hours of a DST change apart."""
    return local_time(utc_ns, zone).isoformat(timespec="milliseconds")


def file_name(
    channel: int, name: str, start_ns: int, zone: tzinfo, *, stream: str = "", suffix: str = ".mp4"
) -> str:
    """Return channel, its name, stream and local time; nothing a file system minds."""
    stamp = local_time(start_ns, zone).strftime("%Y-%m-%d %H.%M.%S %z")
    title = _UNSAFE.sub("_", name).strip(" .")[:60]
    return " ".join(part for part in (f"D{channel}", title, stream, stamp) if part) + suffix


def picture_name(channel: int, name: str, utc_ns: int, zone: tzinfo, *, stream: str = "") -> str:
    """Return the name of a saved picture: as `file_name`, to the millisecond."""
    utc_ms = (utc_ns + 500_000) // 1_000_000
    stem = file_name(channel, name, utc_ms * 1_000_000, zone, stream=stream, suffix="")
    front, offset = stem.rsplit(" ", 1)
    return f"{front}.{utc_ms % 1000:03d} {offset}.jpg"


def folder_parts(wanted: str) -> list[str]:
    """Return the folders of a path below a place ("Case 12/Yard"), which may be made there.

    Raises ValueError, which says in words what is wrong with it.
    """
    parts = [part.strip() for part in wanted.split("/") if part.strip()]
    if not 1 <= len(parts) <= MOST_FOLDERS:
        text = _("Name one folder, or up to {most} within each other, parted by /.")
        raise ValueError(text.format(most=MOST_FOLDERS))
    for part in parts:
        if _UNSAFE.search(part) or part[0] == "." or part[-1] == "." or len(part) > MOST_FOLDER:
            text = _(
                "{name} cannot be the name of a folder on every stick: use up to {most} letters, "
                "digits, spaces and . , + ( ) -, and no full stop at its beginning or end."
            )
            raise ValueError(text.format(name=part[:MOST_FOLDER], most=MOST_FOLDER))
        if part.casefold().endswith(".partial"):
            text = _("Folders whose names end in .partial are removed. Choose another name.")
            raise ValueError(text)
    return parts


def movie_name(stream: StreamId, name: str, start_ns: int, zone: tzinfo) -> str:
    """Return the name of an exported file; the main stream is not named."""
    word = "" if stream.stream is StreamName.MAIN else stream.stream.value
    return file_name(stream.channel, name, start_ns, zone, stream=word)


def distinct(names: Iterable[str]) -> list[str]:
    """Return the names, those that come again with a number: they differ without case too."""
    taken: set[str] = set()
    found = []
    for name in names:
        stem, dot, suffix = name.rpartition(".")
        number, tried = 1, name
        while tried.casefold() in taken:
            number += 1
            tried = f"{stem} ({number}){dot}{suffix}"
        taken.add(tried.casefold())
        found.append(tried)
    return found


def export_name(box: str, start_ns: int, zone: tzinfo) -> str:
    """Return what the folder or archive of an export is called, without a suffix."""
    title = _UNSAFE.sub("_", box).strip(" .")[:40] or "NVR"
    return f"{title} {local_time(start_ns, zone).strftime('%Y-%m-%d %H.%M.%S %z')}"
