"""Keeps the histories of the ports over a restart, as one document of texts and numbers."""

from __future__ import annotations

import base64
import binascii
from array import array
from collections.abc import Mapping
from typing import Any

from board.poe.history import PortHistory, Ring

VERSION = 1
MINUTE_S = 60
MOST_GAP_S = 7 * 86_400


def pack(histories: Mapping[int, PortHistory], now_s: float) -> dict[str, Any]:
    """Return the document; `now_s` is UTC in seconds."""
    return {
        "version": VERSION,
        "at": round(now_s),
        "ports": {str(number): _pack_port(history) for number, history in histories.items()},
    }


def unpack(document: Any, histories: Mapping[int, PortHistory], now_s: float) -> bool:
    """Fill histories from a document, with nothing for the time between; False: it is damaged.

    A clock that went backward or jumped by more than a week makes it void.
    """
    try:
        gap_s = now_s - float(document["at"])
        if document["version"] != VERSION or not 0 <= gap_s <= MOST_GAP_S:
            return False
        for number, history in histories.items():
            kept = document["ports"].get(str(number))
            if kept is not None:
                _unpack_port(kept, history, int(gap_s // MINUTE_S))
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        return False
    return True


def _rings(history: PortHistory) -> dict[str, Ring]:
    return {
        "day": history.day,
        "day_most": history.day_most,
        "week": history.week,
        "week_most": history.week_most,
    }


def _pack_port(history: PortHistory) -> dict[str, Any]:
    document: dict[str, Any] = {
        name: base64.b64encode(array("H", ring.last()).tobytes()).decode()
        for name, ring in _rings(history).items()
    }
    document["energy_mwh"] = round(history.energy_mwh, 3)
    document["on_minutes"] = history.on_minutes
    return document


def _unpack_port(kept: Mapping[str, Any], history: PortHistory, gap_minutes: int) -> None:
    numbers = {}
    for name in _rings(history):
        values = array("H")
        values.frombytes(base64.b64decode(kept[name], validate=True))
        numbers[name] = values
    energy_mwh, on_minutes = float(kept["energy_mwh"]), int(kept["on_minutes"])
    for name, ring in _rings(history).items():
        minutes = gap_minutes if name.startswith("day") else gap_minutes // 10
        for value in (*numbers[name], *[0] * minutes):
            ring.add(value)
    history.energy_mwh = energy_mwh
    history.on_minutes = on_minutes
