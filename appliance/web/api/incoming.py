"""Whether what the cameras send fits the limit set for it, told when a camera is added or changed.

What a camera will send is known from its last test, else from what it sends now, else estimated
from the other cameras.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from appliance.figures import mbps
from appliance.text import _
from appliance.web.asking import ask
from appliance.web.errors import ApiError

STREAMS = ("main", "sub")
KEPT_S = 3600.0
MAX_KEPT = 128


class SettingsWarning(BaseModel):
    """What was saved all the same but should be known; `path` is the field it is about."""

    path: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """What comes in now and the limit, in bits per second."""

    bps: int
    limit_bps: int
    channels: Mapping[int, Mapping[str, float]]

    def of(self, channel: int | None) -> Mapping[str, float]:
        """Return what the streams of a channel send now."""
        return self.channels.get(channel, {}) if channel is not None else {}

    def usual(self, stream: str) -> float:
        """Return what such a stream of a camera sends on average; 0 where there is none."""
        rates = [rates[stream] for rates in self.channels.values() if rates.get(stream)]
        return sum(rates) / len(rates) if rates else 0.0


class Measured:
    """The bit rates of tested addresses, for an hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rates: dict[str, tuple[float, int]] = {}

    def note(self, url: str, bps: int) -> None:
        """Keep what a test found."""
        self._rates.pop(url, None)
        self._rates[url] = (self._clock(), bps)
        while len(self._rates) > MAX_KEPT:
            del self._rates[next(iter(self._rates))]

    def rate(self, url: str) -> int | None:
        """Return what the last test found; None where it is too old or there was none."""
        when, bps = self._rates.get(url, (0.0, 0))
        return bps if bps and self._clock() - when <= KEPT_S else None


MEASURED = web.AppKey("measured", Measured)


async def incoming_now(request: web.Request) -> Incoming | None:
    """Ask how it is; None where that is not known at the moment."""
    try:
        status = await ask(request, "status.get")
        incoming = status["incoming"]
        channels = {int(channel["id"]): dict(_rates(channel)) for channel in status["channels"]}
        return Incoming(int(incoming["bps"]), int(incoming["limit_bps"]), channels)
    except (ApiError, KeyError, TypeError, ValueError):
        return None


def _rates(channel: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, stream in (channel.get("streams") or {}).items():
        rate = stream.get("bitrate_bps")
        if isinstance(rate, int | float) and rate > 0:
            yield name, float(rate)


def concerns(changes: Mapping[str, Any]) -> bool:
    """Whether a change of a channel changes what it sends."""
    return any(name in changes for name in ("main_url", "sub_url", "enabled"))


def of_channel(
    now: Incoming,
    measured: Measured,
    channel: int | None,
    saved: Mapping[str, Any],
    changes: Mapping[str, Any],
) -> list[dict[str, str]]:
    """Judge a channel that was added or changed; `now` is how it was before."""
    before = now.of(channel)
    expected = 0.0
    for stream in STREAMS:
        url = saved.get(f"{stream}_url")
        if not url or not saved.get("enabled", True):
            continue
        known: float | None = measured.rate(url)
        if known is None and f"{stream}_url" not in changes:
            known = before.get(stream)
        expected += now.usual(stream) if known is None else known
    others = now.bps - sum(before.values())
    if expected <= 0 or others + expected <= now.limit_bps:
        return []
    return [_warning("main_url", beyond(others, expected, now.limit_bps))]


def of_limit(now: Incoming, limit_bps: int) -> list[dict[str, str]]:
    """Judge a new limit."""
    if now.bps <= limit_bps:
        return []
    text = _(
        "The cameras send {now} Mbit/s already, which is more than this limit of {limit} Mbit/s."
    ).format(now=mbps(now.bps), limit=mbps(limit_bps))
    return [_warning("incoming_limit_mbps", text)]


def beyond(others_bps: float, own_bps: float, limit_bps: float) -> str:
    """Say that a camera and what comes in besides it are more than the limit."""
    return _(
        "This camera sends about {own} Mbit/s and the others {others} Mbit/s, which together is "
        "more than the limit of {limit} Mbit/s. Lower bit rates, or raise the incoming bandwidth "
        "on the Channels page if this machine can take it."
    ).format(own=mbps(own_bps), others=mbps(others_bps), limit=mbps(limit_bps))


def _warning(path: str, text: str) -> dict[str, str]:
    return {"path": path, "code": "bandwidth_exceeded", "text": text}
