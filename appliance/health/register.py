"""The checks and fixups there are, in the order in which findings of one severity are told."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from appliance.health.check import Check
from appliance.health.fixup import Fixup

CHECKS = (
    "cameras_dark",
    "camera_silent",
    "camera_damage",
    "camera_mode",
    "camera_advice",
    "camera_password",
    "volume_fault",
    "clock_trust",
    "retention",
    "disk_failing",
    "not_recording",
    "process_down",
    "process_restarts",
    "incoming",
    "system_disk",
    "heat",
    "memory_low",
    "memory_growth",
    "lasting_events",
    "poe_budget",
    "clock_agreement",
    "certificate",
    "ssh",
    "open_ports",
    "log_chain",
    "settings_mended",
    "account_password",
    "outlets",
    "places_full",
    "recovery",
    "time_zone",
    "firmware",
)
"""Modules of `appliance.health.checks`, each with one check."""

FIXUPS = ("accept_clock", "cycle_port", "restart_process", "retry_camera", "seen")
"""Modules of `appliance.health.fixups`, each with one fixup."""


def checks() -> list[Check]:
    """Return every check, new: some remember what they saw."""
    return [
        kind() for name in CHECKS for kind in _classes(f"appliance.health.checks.{name}", Check)
    ]


def fixups() -> Mapping[str, Fixup]:
    """Return every fixup by its slug."""
    found: dict[str, Fixup] = {}
    for name in FIXUPS:
        for kind in _classes(f"appliance.health.fixups.{name}", Fixup):
            found[kind.slug] = kind()
    return found


def _classes(module: str, base: type[Any]) -> Iterator[type[Any]]:
    for value in vars(importlib.import_module(module)).values():
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module:
            yield value
