"""Asking the other processes: an answer, or an error in words."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from appliance.bus.errors import BusError
from appliance.text import _
from appliance.web.context import Bus, context
from appliance.web.errors import ApiError, FieldError

TIMEOUT_S = 4.0
AWAY_S = 1.5
"""Time a supervisor that is not there is given to come back before the answer says so."""
_STATUS = {
    "bus.forbidden": 403,
    "bus.too_large": 413,
    "bus.failed": 500,
    "accounts.damaged": 503,
    "accounts.not_written": 507,
    "accounts.changed": 409,
    "accounts.stale": 412,
    "accounts.unknown": 404,
    "accounts.outranks": 403,
    "accounts.own": 409,
    "accounts.last_admin": 409,
    "accounts.in_use": 409,
    "accounts.fixed": 409,
    "accounts.factor_needed": 409,
    "accounts.full": 409,
    "accounts.recovery_off": 409,
    "capture.busy": 409,
    "capture.no_room": 507,
    "capture.unknown": 404,
    "helper.absent": 503,
    "settings.full": 409,
    "tags.full": 409,
    "certificates.in_use": 409,
    "certificates.full": 409,
    "certificates.not_saved": 507,
    "firewall.no_trial": 409,
    "firewall.cut_off": 409,
    "firewall.old_connection": 409,
    "services.no_ssh_key": 409,
    "tags.not_stored": 507,
    "settings.fixed": 409,
    "settings.stale": 412,
    "settings.invalid": 422,
    "settings.not_saved": 507,
    "settings.rolled_back": 409,
}
_AWAY = frozenset({"bus.disconnected", "bus.timeout", "bus.no_peer", "bus.busy"})


async def ask(request: web.Request, method: str, /, **params: Any) -> Any:
    """Ask the supervisor.  Raises ApiError."""
    return await ask_bus(context(request).bus, method, params)


async def ask_bus(
    bus: Bus,
    method: str,
    params: dict[str, Any],
    *,
    to: str = "supervisor",
    timeout_s: float = TIMEOUT_S,
) -> Any:
    """Ask a peer of the bus.  Raises ApiError."""
    timeout_s = timeout_s if bus.connected.is_set() else AWAY_S
    try:
        return await bus.request(method, params, to=to, timeout_s=timeout_s)
    except BusError as error:
        raise api_error(error) from error


def is_away(error: BusError) -> bool:
    """Whether the peer is not there just now, rather than having refused."""
    return error.code in _AWAY


def api_error(error: BusError) -> ApiError:
    """Return `error` as the API says it."""
    if error.code in _AWAY:
        return supervisor_away(error.code)
    status = _STATUS.get(error.code)
    if status is None:
        status = _by_ending(error)
    fields = [
        FieldError(str(f.get("path", "")), str(f.get("code", "")), str(f.get("text", "")))
        for f in error.fields
    ]
    return ApiError(status, error.code, error.text, fields)


def _by_ending(error: BusError) -> int:
    name = error.code.rpartition(".")[2]
    if name.startswith(("no_", "unknown")) or name.endswith("not_found"):
        return 404
    return 422 if error.fields else 400


def supervisor_away(code: str = "supervisor_away") -> ApiError:
    """Return the error for the time in which the supervisor is not there."""
    return ApiError(
        503,
        code if code == "bus.busy" else "supervisor_away",
        _(
            "The part of the box that keeps settings and events is starting again. "
            "Recording and the pictures go on; try again in a few seconds."
        ),
        headers={"Retry-After": "3"},
    )
