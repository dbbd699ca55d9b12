"""For each field of a settings form a right value, one at its edge, and a wrong one."""

from dataclasses import dataclass
from typing import Any

NOT_OVER_THE_WIRE_WE_USE = {("web", "https_port")}
"""What would cut off the browser that changes it: only its wrong value is tried."""

ON_TRIAL = {"firewall", "network"}
"""Pages whose changes are taken back unless they are confirmed: they have tests of their own."""

LEAVE = {
    ("channels", "main_url"),
    ("channels", "sub_url"),
    ("general", "language"),
    ("storage", "path"),
    ("storage", "size_limit_gb"),
}
"""What changes the camera, this computer or the words a person looks for: only refused here."""

SPECIAL: dict[tuple[str, str], tuple[Any, Any, Any]] = {
    ("web", "host_names"): ("nvr.example.org", "a.example b.example", "1.2.3.4"),
    ("channels", "sub_url"): ("rtsp://127.0.0.1:9/sub", "rtsps://[::1]:9/s?x=1", "gopher://x/y"),
    ("channels", "main_url"): ("", "", "no address"),
    ("channels", "tls_fingerprint"): ("ab" * 32, "AB:" * 31 + "AB", "xyz"),
    ("storage", "path"): ("", "", "not/absolute"),
    ("lockout", "first_wait_min"): (5, 30, 0),
    ("restart", "at"): ("04:15", "23:59", "24:00"),
    ("health", "ping_url"): ("https://example.org/ping/1", "https://a.example/?b=c", "ftp://x"),
    ("log_server", "host"): ("log.example.org", "192.0.2.7", "no host"),
    ("serial", "tcp_from"): ("192.0.2.0/24", "192.0.2.7", "everywhere"),
}
NEEDS: dict[tuple[str, str], dict[str, Any]] = {
    ("log_server", "send"): {"host": "log.example.org"},
    ("log_server", "receive"): {
        "receive_port": 15_514,
        "senders": [{"address": "192.0.2.7", "name": "Switch"}],
    },
    ("time", "serve"): {"serve_to": [{"network": "192.0.2.0/24"}]},
}
"""What else has to be there before a field takes its right value."""

CANONICAL = {("channels", "tls_fingerprint"): lambda text: text.replace(":", "").lower()}
"""What the box makes of a value that is right in more than one way."""


@dataclass(frozen=True)
class Samples:
    """`typed`: the wrong value can be entered in the form, not only sent."""

    valid: Any
    edge: Any
    wrong: Any
    typed: bool
    tried: bool = True


def samples(page: str, field: dict[str, Any]) -> Samples:
    """Return values for a field as the form describes it."""
    place = (page, field["name"])
    tried = place not in NOT_OVER_THE_WIRE_WE_USE | LEAVE
    if place in SPECIAL:
        return Samples(*SPECIAL[place], typed=True, tried=tried)
    match field["widget"]:
        case "switch":
            return Samples(not field["default"], field["default"], "yes", False, tried)
        case "number" | "duration":
            low, high = field["minimum"], field["maximum"]
            middle = (low + high) // 2 if isinstance(low, int) else low
            return Samples(middle, high, high + 1, True, tried)
        case "select":
            values = [choice["value"] for choice in field["choices"]]
            return Samples(values[-1], values[0], "none of these", False, tried)
        case "time_zone":
            return Samples("Europe/Berlin", "Australia/Lord_Howe", "Mars/Base", False, tried)
        case "password":
            return Samples("lantern-7", "x" * 256, "x" * 257, False, tried)
        case "date":
            return Samples("2026-05-01", "2099-12-31", "2026-02-30", False, tried)
        case "text":
            long = "x" * (field["max_length"] or 40)
            if field["min_length"]:
                return Samples("Sample ü", long, "", True, tried)
            return Samples("Sample ü", long, "two\nlines", False, tried)
        case _:
            return Samples(None, None, {"no": "such"}, False, False)


def as_kept(page: str, field: dict[str, Any], value: Any) -> Any:
    """Return how the box tells a value it was given."""
    if field["secret"]:
        return {"set": bool(value)}
    return CANONICAL.get((page, field["name"]), lambda same: same)(value)
