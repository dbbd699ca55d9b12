"""The types of the log (D2-MT-01), which kinds belong to each, which are chained and kept apart."""

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
        "shutdown_ordered",
        "restart_ordered",
        "restart_left_out",
        "time_server_wrong",
        "time_not_applied",
        "event_store_mended",
        "overload",
        "certificate_ending",
        "certificate_unusable",
        "firewall_fault",
        "ssh_open",
    ),
    LogType.CONFIG: (
        "settings_changed",
        "settings_refused",
        "settings_mended",
        "settings_reset",
        "time_set",
        "settings_exported",
        "settings_imported",
        "certificates_changed",
        "firewall_kept",
        "firewall_taken_back",
        "ssh_switched",
        "health_fixed",
        "health_snoozed",
        "health_woken",
        "packets_captured",
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
        "serial_opened",
        "serial_refused",
        "login_failed",
        "login_locked",
        "setup_done",
        "account_changed",
        "group_changed",
        "session_ended",
        "user_blocked",
        "password_reset",
        "tokens_ended",
        "accounts_reset",
        "accounts_restored",
    ),
    LogType.CLEAR: ("log_cleared", "log_exported", "log_lost", "diagnosis_made"),
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
        "delivery_failed",
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


class Shelf(StrEnum):
    """What people did is kept by shelves, each with a bound of its own.

    What is easily caused a thousand times, above all by somebody outside, pushes nothing else out.
    """

    CHANGES = "changes"
    """Settings, accounts, the log itself."""
    FOOTAGE = "footage"
    """Exports, deletions, tags."""
    VISITS = "visits"
    """Who came and left, and who held a line of the box."""
    TRIES = "tries"
    """Wrong passwords: anybody on the network can cause them."""
    VIEWS = "views"
    """Who looked at footage."""


_SHELVES: Mapping[str, Shelf] = {
    "signed_in": Shelf.VISITS,
    "signed_out": Shelf.VISITS,
    "serial_opened": Shelf.VISITS,
    "serial_refused": Shelf.TRIES,
    "login_failed": Shelf.TRIES,
    "login_locked": Shelf.TRIES,
    "footage_viewed": Shelf.VIEWS,
}


def shelf_of(kind: str) -> Shelf:
    """Return where entries of an audited kind are kept."""
    rest = Shelf.FOOTAGE if TYPE_OF[kind] is LogType.PLAYBACK else Shelf.CHANGES
    return _SHELVES.get(kind, rest)


LOG_ONLY = frozenset(
    {
        "signed_in",
        "signed_out",
        "footage_viewed",
        "settings_exported",
        "log_cleared",
        "log_exported",
        "diagnosis_made",
    }
)
"""What is no news on the events page and sets nothing off: the log alone shows it."""


def kinds_of(types: frozenset[LogType]) -> tuple[str, ...]:
    """Return the kinds of some types; of all where none is named."""
    return tuple(kind for kind, of in TYPE_OF.items() if not types or of in types)
