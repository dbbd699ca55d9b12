"""Log lines as RFC 5424 writes them, and their framing on streams (RFC 5425, RFC 6587)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from appliance.version import VERSION

APP_NAME = "nvr"
UDP_BYTES = 2048
"""What every receiver of datagrams should take (RFC 5426 section 3.2)."""

LINE_BYTES = 8192
_SEVERITIES = {"error": 3, "warning": 4, "info": 6}
_NOTHING = "-"


def line(
    entry: Mapping[str, Any], *, facility: int, host: str, number: int, most: int = LINE_BYTES
) -> bytes:
    """Return one line: `entry` has `at` (ms UTC), `severity`, `kind` and `text`.

    `host` names the box, `number` counts the lines of this sender (meta sequenceId, 1 to 2^31-1).
    At most `most` bytes, cut between characters.
    """
    priority = facility * 8 + _SEVERITIES.get(str(entry.get("severity")), 6)
    at = datetime.fromtimestamp(int(entry["at"]) / 1000, UTC)
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = f'[origin software="{APP_NAME}" swVersion="{VERSION}"][meta sequenceId="{number}"]'
    head = (
        f"<{priority}>1 {stamp} {_printable(host, 255)} {APP_NAME} {_NOTHING} "
        f"{_printable(str(entry.get('kind', '')), 32)} {data} "
    )
    text = "".join(c if c.isprintable() else " " for c in str(entry.get("text", "")))
    whole = head.encode() + b"\xef\xbb\xbf" + text.encode("utf-8", "replace")
    return whole if len(whole) <= most else whole[:most].decode("utf-8", "ignore").encode()


def framed(one: bytes) -> bytes:
    """Return a line for a stream, its length in front (RFC 6587 section 3.4.1, RFC 5425 4.3)."""
    return b"%d %s" % (len(one), one)


def _printable(text: str, most: int) -> str:
    """Return a field of the header: printable ASCII without spaces, "-" for nothing."""
    kept = "".join(c if 33 <= ord(c) <= 126 else "_" for c in text.strip())
    return kept[:most] or _NOTHING
