"""What exported files are called, and how their times are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from appliance.storage.model import StreamId, StreamName

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
