"""The types of the log (D2-MT-01), which kinds of events belong to each, which are chained."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from appliance.text import _


class LogType(StrEnum):
    """As the log page offers them."""

    SYSTEM = "system"
    CONFIG = "config"
    STORAGE = "storage"
    RECORD = "record"
    ACCOUNT = "account"
    CLEAR = "clear"
    PLAYBACK = "playback"
    CONNECTION = "connection"


TITLES: Mapping[LogType, str] = {
    LogType.SYSTEM: _("System"),
    LogType.CONFIG: _("Settings"),
    LogType.STORAGE: _("Storage"),
    LogType.RECORD: _("Recording"),
    LogType.ACCOUNT: _("Accounts"),
    LogType.CLEAR: _("Log cleared"),
    LogType.PLAYBACK: _("Playback and export"),
    LogType.CONNECTION: _("Connections"),
}

_KINDS: Mapping[LogType, tuple[str, ...]] = {
    LogType.SYSTEM: (
        "system_started",
        "unclean_shutdown",
        "process_restarted",
        "clock_jump",
        "event_store_mended",
        "overload",
    ),
    LogType.CONFIG: (
        "settings_changed",
        "settings_refused",
        "settings_mended",
        "settings_reset",
        "settings_exported",
        "settings_imported",
    ),
    LogType.STORAGE: (
        "disk_slow",
        "volume_full",
        "volume_read_only",
        "volume_missing",
        "volume_error",
        "volume_suspect",
        "volume_refused",
        "no_volume",
        "retention_low",
        "expiry_paused",
    ),
    LogType.RECORD: (
        "not_recording",
        "footage_lost",
        "recording_late",
        "stream_damaged",
        "parameters_flapping",
    ),
    LogType.ACCOUNT: (
        "signed_in",
        "signed_out",
        "login_failed",
        "login_locked",
        "setup_done",
        "account_changed",
        "session_ended",
        "user_blocked",
        "password_reset",
    ),
    LogType.CLEAR: ("log_cleared", "log_exported"),
    LogType.PLAYBACK: (
        "footage_viewed",
        "exported",
        "export_ended_early",
        "tag_renamed",
        "tags_deleted",
        "tags_removed",
        "footage_deleted",
    ),
    LogType.CONNECTION: (
        "camera_offline",
        "password_refused",
        "port_unusable",
        "bandwidth_exceeded",
    ),
}
"""Kinds that later parts register belong here already; an unknown one does no harm."""

TYPE_OF: Mapping[str, LogType] = {kind: of for of, kinds in _KINDS.items() for kind in kinds}
"""Kinds that the log has, with their type."""

AUDITED = frozenset(
    kind
    for kind, of in TYPE_OF.items()
    if of in (LogType.CONFIG, LogType.ACCOUNT, LogType.CLEAR, LogType.PLAYBACK)
)
"""What people did.  These have no end, are chained by hash, and are bounded apart from the rest."""

LOG_ONLY = frozenset(
    {
        "signed_in",
        "signed_out",
        "footage_viewed",
        "settings_exported",
        "log_cleared",
        "log_exported",
    }
)
"""What is no news on the events page and sets nothing off: the log alone shows it."""


def kinds_of(types: frozenset[LogType]) -> tuple[str, ...]:
    """Return the kinds of some types; of all where none is named."""
    return tuple(kind for kind, of in TYPE_OF.items() if not types or of in types)
