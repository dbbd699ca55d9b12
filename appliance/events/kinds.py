"""The register of kinds of events: title, severity, help, whether a kind has an end."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.events.account_kinds import account_kinds
from appliance.events.audit_kinds import audit_kinds
from appliance.events.computer_kinds import computer_kinds
from appliance.events.health_kinds import health_kinds
from appliance.events.io_kinds import io_kinds
from appliance.events.kind import MAX_VALUE_CHARACTERS, SEVERITIES, EventKind, Severity
from appliance.events.network_kinds import network_kinds
from appliance.events.poe_kinds import poe_kinds
from appliance.events.security_kinds import security_kinds
from appliance.events.stick_kinds import stick_kinds
from appliance.text import _

__all__ = ["KINDS", "MAX_VALUE_CHARACTERS", "SEVERITIES", "EventKind", "Severity"]


def _kinds() -> list[EventKind]:
    return [
        EventKind(
            "camera_offline",
            _("Camera offline"),
            "error",
            _("{channel} {name} does not answer. {reason}"),
            _("No picture comes from the camera. Check its power, cable and address."),
        ),
        EventKind(
            "password_refused",
            _("Password refused by the camera"),
            "error",
            _(
                "{channel} {name} refused user or password. It is not tried again until the "
                "right ones are entered."
            ),
            _("Cameras lock an account after a few wrong passwords, so one try has to do."),
        ),
        EventKind(
            "not_recording",
            _("Not recording"),
            "error",
            _("{channel} {name} is not recorded. {reason}"),
            _("The channel should be recorded now, but nothing is written."),
        ),
        EventKind(
            "overload",
            _("Footage lost to overload"),
            "error",
            _("{channel} {name} lost {seconds} s of its {stream} stream. {reason}"),
            _("Disk, processor or network is too slow; the least important streams gave way."),
        ),
        EventKind(
            "footage_lost",
            _("Footage lost"),
            "error",
            _("{channel} {name} lost {seconds} s of its {stream} stream. {reason}"),
            _("No volume took the footage for longer than memory holds. See the Storage page."),
        ),
        EventKind(
            "disk_slow",
            _("Disk too slow"),
            "warning",
            _("Volume {volume} took {write_ms} ms to write. {reason}"),
            _("A write took longer than 0.8 s. If it goes on, the disk may be failing."),
        ),
        EventKind(
            "recording_late",
            _("Footage stored late"),
            "warning",
            _("Footage was safe on the disk only {seconds} s after it came; 2 s are promised."),
            _(
                "The processor is too busy, so a power cut now would cost more than 2 s. Record "
                "fewer or smaller streams, or end what else runs on this machine."
            ),
        ),
        EventKind(
            "volume_full",
            _("Volume full"),
            "error",
            _("Nothing more is written to volume {volume}. {reason}"),
            _(
                "Choose Overwrite on the Storage page, unlock footage, remove files that are not "
                "footage, or add a disk."
            ),
        ),
        EventKind(
            "volume_read_only",
            _("Volume read-only"),
            "error",
            _("Volume {volume} can only be read. {reason}"),
            _("The file system was switched to read-only, mostly after a disk error."),
        ),
        EventKind(
            "volume_missing",
            _("Volume missing"),
            "error",
            "{reason}",
            _("The disk is unplugged, not mounted, or another one is in its place."),
        ),
        EventKind(
            "volume_error",
            _("Disk error"),
            "error",
            _("Volume {volume} fails to read or write. {reason}"),
            _("Replace the disk; what it holds may still be readable."),
        ),
        EventKind(
            "volume_suspect",
            _("Footage may be damaged"),
            "warning",
            _("A write to volume {volume} failed. {reason}"),
            _("The files it touched are marked suspect and left; recording went on in new ones."),
            has_end=False,
        ),
        EventKind(
            "volume_refused",
            _("Volume not accepted"),
            "error",
            _("Volume {volume} is not used. {reason}"),
            _("It belongs to another recorder, is a copy, or was written by newer software."),
        ),
        EventKind(
            "no_volume",
            _("No volume to record to"),
            "error",
            _("There is no volume that footage could be written to. {reason}"),
            _("Add a volume on the Storage page, or mend the one that is there."),
        ),
        EventKind(
            "retention_low",
            _("Footage kept for too short"),
            "warning",
            _("Volume {volume} keeps footage for {days} days; {wanted} are wanted."),
            _("Add disk space, lower bit rates, or ask for fewer days."),
        ),
        EventKind(
            "bandwidth_exceeded",
            _("Incoming bandwidth exceeded"),
            "warning",
            _("The cameras send {mbps} Mbit/s; the limit is {limit} Mbit/s."),
            _("Lower the bit rates of cameras, or raise the limit if the box can take it."),
        ),
        EventKind(
            "stream_damaged",
            _("Picture damaged on the way"),
            "warning",
            _(
                "{channel} {name}: the {stream} stream lost {lost} packets ({percent} %) on the "
                "way, and {damaged} pictures are damaged."
            ),
            _("Check cable and switch, or choose TCP as the camera's transport."),
        ),
        EventKind(
            "parameters_flapping",
            _("Stream parameters change too often"),
            "warning",
            _("{channel} {name} changes its picture format again and again ({stream} stream)."),
            _("Its footage is kept in files of mixed format. Check the camera's settings."),
        ),
        EventKind(
            "clock_jump",
            _("Clock jumped"),
            "warning",
            _("The clock jumped by {seconds} s."),
            _("Check the date and time of the box, and where it gets them from."),
            has_end=False,
        ),
        EventKind(
            "expiry_paused",
            _("Deleting by age paused"),
            "warning",
            "{reason}",
            _("Footage is kept for longer than the days set until the time is confirmed."),
        ),
        EventKind(
            "process_restarted",
            _("Process restarted"),
            "warning",
            _("The process {process} was started again. {reason}"),
            _("A part of the program had ended or stood still. Recordings go on in the others."),
            has_end=False,
        ),
        EventKind(
            "settings_mended",
            _("Settings file mended"),
            "warning",
            _("The settings file had {count} mistakes: {mistakes}"),
            _("Wrong fields took their last good values or defaults; the file was kept aside."),
            has_end=False,
        ),
        EventKind(
            "settings_refused",
            _("Change of settings taken back"),
            "warning",
            _("A change of the page {page} was taken back. {reason}"),
            _("A process could not work with it, so the former values are in force."),
            has_end=False,
        ),
        EventKind(
            "delivery_failed",
            _("Not delivered"),
            "warning",
            _("What is sent outside by {outlet} does not arrive. {reason}"),
            _("It waits and is tried again, within bounds; nothing of the recording waits for it."),
        ),
        EventKind(
            "port_unusable",
            _("Port cannot be used"),
            "error",
            _("The web server cannot use port {port}. {reason}"),
            _("Another program has it, or it needs more rights. Choose another on Web access."),
        ),
        EventKind(
            "login_failed",
            _("Sign-in failed"),
            "warning",
            _("Wrong passwords for {user} from {address}: {count}."),
            _("Somebody tried a wrong password."),
            has_end=False,
        ),
        EventKind(
            "login_locked",
            _("Sign-in locked"),
            "warning",
            _("Signing in as {user} from {address} is locked for {minutes} minutes."),
            _("Too many wrong passwords came from there."),
            has_end=False,
        ),
        EventKind(
            "port_unusable",
            _("Web port not usable"),
            "warning",
            "{reason}",
            _("Browsers cannot reach the recorder on this port; recording is not affected."),
        ),
        EventKind(
            "system_started",
            _("Recorder started"),
            "info",
            _("The recorder started, version {version}."),
            _("Power was switched on, or the program was started."),
            has_end=False,
        ),
        EventKind(
            "unclean_shutdown",
            _("Power failed or system crashed"),
            "warning",
            _("The recorder had not been shut down. It ran until {until}."),
            _("Footage up to the last two seconds before it is kept."),
            has_end=False,
        ),
        EventKind(
            "event_store_mended",
            _("Event list mended"),
            "warning",
            _("The file of events was damaged; {kept} events were saved. {reason}"),
            _("The damaged file was kept aside."),
            has_end=False,
        ),
        EventKind(
            "tag_renamed",
            _("Tag renamed"),
            "info",
            _("{by} renamed the tag “{old}” of {channel} at {at} to “{new}”."),
            _("Who gave a marked instant another name."),
            has_end=False,
        ),
        EventKind(
            "tags_deleted",
            _("Tags deleted"),
            "info",
            _("{by} deleted tags of {channel}: {tags}."),
            _("Who took names off marked instants. The footage stays."),
            has_end=False,
        ),
        EventKind(
            "tags_removed",
            _("Tags removed with their footage"),
            "info",
            _("Tags of {channel} were removed: {tags}. Their footage is gone."),
            _("No disk of the recorder had held footage of these instants for a day."),
            has_end=False,
        ),
        EventKind(
            "exported",
            _("Footage exported"),
            "info",
            _("{by} exported {channel} {name} from {from} to {to}. {reason}"),
            _("A copy of footage left the recorder; its manifest tells by whom and why."),
            has_end=False,
        ),
        EventKind(
            "export_ended_early",
            _("Export ended early"),
            "warning",
            _("The export of {channel} {name} for {by} was not finished. {reason}"),
            _("What arrived is not whole. Export again; a shorter or later time may help."),
            has_end=False,
        ),
    ]


KINDS: Mapping[str, EventKind] = {
    kind.slug: kind
    for kind in (
        *_kinds(),
        *audit_kinds(),
        *account_kinds(),
        *poe_kinds(),
        *io_kinds(),
        *security_kinds(),
        *health_kinds(),
        *computer_kinds(),
        *network_kinds(),
        *stick_kinds(),
    )
}
"""All kinds by slug."""
