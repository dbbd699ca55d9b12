"""Kinds of events that tell what people did: kept in the log, chained, bounded apart."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def audit_kinds() -> list[EventKind]:
    """Return the kinds; each has no end and its details say who, from where and how."""
    return [
        EventKind(
            "settings_changed",
            _("Settings changed"),
            "info",
            _("{actor} changed {page} {item}: {fields}."),
            _("Who changed what; secrets are not shown."),
            has_end=False,
        ),
        EventKind(
            "setup_done",
            _("Recorder set up"),
            "info",
            _("The administrator's password was set from {address}."),
            _("The one-time code was used."),
            has_end=False,
        ),
        EventKind(
            "signed_in",
            _("Signed in"),
            "info",
            _("{user} signed in from {address} ({how})."),
            _("Who came in, from where, and how."),
            has_end=False,
        ),
        EventKind(
            "serial_opened",
            _("RS-232 opened from the network"),
            "info",
            _("{user} opened RS-232 from {address} ({how})."),
            _("A program exchanges bytes with what is wired to RS-232."),
            has_end=False,
        ),
        EventKind(
            "serial_refused",
            _("RS-232 refused"),
            "warning",
            _("Somebody at {address} wanted to open RS-232 with a wrong token."),
            _("Told once a minute of an address. If that was nobody of yours, close the port."),
            has_end=False,
        ),
        EventKind(
            "signed_out",
            _("Signed out"),
            "info",
            _("{user} signed out ({address})."),
            _("Who left."),
            has_end=False,
        ),
        EventKind(
            "footage_viewed",
            _("Footage viewed"),
            "info",
            _("{user} looked at {channel} {name}: footage of {from} to {to} ({address}, {how})."),
            _("Who looked at what was recorded, told in whole hours of footage."),
            has_end=False,
        ),
        EventKind(
            "settings_reset",
            _("Settings reset"),
            "warning",
            _("{actor} brought the settings back to how they were at first ({scope})."),
            _("What was entered before is gone, footage is not."),
            has_end=False,
        ),
        EventKind(
            "settings_exported",
            _("Settings exported"),
            "info",
            _("{actor} saved the settings as a file, secrets {secrets}."),
            _("Who has a copy of the settings, and whether passwords are in it."),
            has_end=False,
        ),
        EventKind(
            "settings_imported",
            _("Settings imported"),
            "info",
            _("{actor} took over settings from a file."),
            _("The changes are told one by one beside this."),
            has_end=False,
        ),
        EventKind(
            "log_cleared",
            _("Log cleared"),
            "warning",
            _("{actor} cleared the log: {count} entries up to {until}."),
            _("Who took entries out of the log; this one stays."),
            has_end=False,
        ),
        EventKind(
            "log_lost",
            _("Log removed"),
            "error",
            _("The log was gone when the recorder started, so it begins anew."),
            _("Somebody removed its file, or the disk lost it. What people did before is unknown."),
            has_end=False,
        ),
        EventKind(
            "footage_deleted",
            _("Footage erased"),
            "warning",
            _("{actor} had all footage of volume {volume} erased ({count} files)."),
            _("Who gave up all footage, with a reset."),
            has_end=False,
        ),
        EventKind(
            "packets_captured",
            _("Packets captured"),
            "warning",
            _("{user} captured packets of {interface} ({what}) for up to {seconds} s."),
            _("Who wrote down what went over the network, and of which addresses."),
            has_end=False,
        ),
        EventKind(
            "diagnosis_made",
            _("Diagnosis made"),
            "info",
            _("{user} had an archive for a diagnosis made."),
            _("Who has a copy of logs and status; secrets are not in it."),
            has_end=False,
        ),
        EventKind(
            "log_exported",
            _("Log exported"),
            "info",
            _("{actor} saved the log as a file."),
            _("Who has a copy of the log."),
            has_end=False,
        ),
    ]
