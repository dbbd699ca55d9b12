"""Checked kinds of values that several pages use: addresses, times of day, time zones, names."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date
from functools import lru_cache
from typing import Annotated
from urllib.parse import SplitResult, quote, unquote, urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import Conflict
from appliance.text import _

CAMERA_SCHEMES = ("rtsp", "rtsps", "http", "https")
MOST_NAMES = 16
_LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TIME = re.compile(r"(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


def _check_time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise PydanticCustomError("time_of_day", _("must be a time from 00:00 to 24:00"))
    return value


def _check_date(value: str) -> str:
    if not value:
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value or not 2000 <= day.year <= 2099:
        text = _("must be a date such as 2026-12-24, from 2000 to 2099")
        raise PydanticCustomError("date", text)
    return value


def _check_line(value: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise PydanticCustomError("control_character", _("must be one line of plain text"))
    return value


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Return the names of all time zones of the IANA database."""
    return frozenset(zoneinfo.available_timezones())


def _check_zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError(
            "time_zone", _('must be a time zone such as "Europe/Berlin"')
        ) from None
    return value


def _check_camera_url(value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        port_ok = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        raise PydanticCustomError(
            "url", _("must be an address such as rtsp://192.168.1.10:554/stream")
        ) from None
    if parts.scheme.lower() not in CAMERA_SCHEMES or not parts.hostname or not port_ok:
        raise PydanticCustomError(
            "url", _("must be an address such as rtsp://192.168.1.10:554/stream")
        )
    if any(ord(character) <= 32 or ord(character) == 127 for character in value):
        raise PydanticCustomError("url", _("must not hold spaces"))
    if "@" in parts.netloc:
        raise PydanticCustomError(
            "credentials_in_url",
            _("must not hold user and password; they have fields of their own"),
        )
    return value


def host_names(text: str) -> list[str]:
    """Return the names in a text that separates them by spaces or commas, as DNS writes them.

    Small letters, without the dot at the end, IDNA (RFC 3490) where there are other scripts.
    Raise ValueError at one that is no host name (RFC 1123 section 2.1).
    """
    found: list[str] = []
    for word in re.split(r"[\s,]+", text.strip(" ,\t\r\n")):
        if not word:
            continue
        name = word.rstrip(".").encode("idna").decode("ascii").lower()
        labels = name.split(".")
        if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
            raise ValueError(word)
        if labels[-1].isdecimal():
            raise ValueError(word)  # an address, or what looks like one
        if name not in found:
            found.append(name)
    return found


def _check_host_names(value: str) -> str:
    words = re.split(r"[\s,]+", value.strip(" ,\t\r\n"))
    for word in words:
        try:
            host_names(word)
        except ValueError:
            raise PydanticCustomError(
                "host_name",
                _(
                    'must be names such as "nvr.example.org", not "{word}"; addresses need not be '
                    "entered"
                ),
                {"word": word},
            ) from None
    if len(host_names(value)) > MOST_NAMES:
        raise PydanticCustomError(
            "too_many", _("must be at most {most} names"), {"most": MOST_NAMES}
        )
    return " ".join(word for word in words if word)


def keeping_conflict(wanted_days: int, expiry_days: int) -> Conflict:
    """Return that footage is wanted for longer than it is kept."""
    text = _("must not be longer than footage is kept ({days} days)").format(days=expiry_days)
    other = _("must not be less than is wanted to be kept ({days} days)").format(days=wanted_days)
    return Conflict(("wanted_days",), "conflict", text, others={"expiry_days": other})


def split_credentials(url: str) -> tuple[str, str, str]:
    """Return the address without credentials, the user and the password ("" where absent)."""
    try:
        parts = urlsplit(url)
        host = parts.netloc
    except ValueError:
        return url, "", ""
    if "@" not in host:
        return url, "", ""
    credentials, _at, rest = host.rpartition("@")
    user, _colon, password = credentials.partition(":")
    clean = SplitResult(parts.scheme, rest, parts.path, parts.query, parts.fragment).geturl()
    return clean, unquote(user), unquote(password)


def join_credentials(url: str, user: str, password: str) -> str:
    """Return the address with credentials in it, as some other programs want it."""
    if not user and not password:
        return url
    scheme, sep, rest = url.partition("://")
    return f"{scheme}{sep}{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


TimeOfDay = Annotated[str, AfterValidator(_check_time)]
""" "HH:MM", from 00:00 to 24:00, on the wall clock of the box."""

DateText = Annotated[str, AfterValidator(_check_date)]
"""A day as YYYY-MM-DD, 2000 to 2099; "" where there is none."""

Line = Annotated[str, AfterValidator(_check_line)]
"""One line of text."""

ZoneName = Annotated[str, AfterValidator(_check_zone)]
"""Name of an IANA time zone."""

CameraUrl = Annotated[str, AfterValidator(_check_camera_url)]
"""Address of a camera's stream without credentials; "" where there is none."""

HostNameList = Annotated[str, AfterValidator(_check_host_names)]
"""Names of a host separated by spaces; taken with commas too."""
