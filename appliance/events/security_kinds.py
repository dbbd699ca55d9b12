"""Kinds of events of services, firewall and certificates."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def security_kinds() -> list[EventKind]:
    """Return the kinds."""
    return [
        EventKind(
            "certificate_ending",
            _("Certificate ends"),
            "warning",
            _('The certificate "{id}" ends on {day}.'),
            _(
                "Afterwards whoever connects is warned, or refuses. Create, request or import its "
                "successor on the page Certificates."
            ),
        ),
        EventKind(
            "certificate_unusable",
            _("Certificate cannot be used"),
            "error",
            _(
                'The certificate "{id}" cannot be shown ({service}). {reason} The certificate of '
                "the device is shown instead."
            ),
            _("So nobody is locked out; browsers warn. Choose or import another certificate."),
        ),
        EventKind(
            "certificates_changed",
            _("Certificates changed"),
            "info",
            _("{actor} changed certificates: {what}."),
            _("Who made, imported, chose or deleted which; keys are not shown."),
            has_end=False,
        ),
        EventKind(
            "firewall_trial",
            _("Firewall on trial"),
            "warning",
            _(
                "New rules of the firewall are on trial. Unless somebody keeps them, the former "
                "ones come back at {until}."
            ),
            _("Keep them on the page Firewall, from an address that they let in."),
        ),
        EventKind(
            "firewall_kept",
            _("Firewall changed"),
            "info",
            _("{actor} kept the new rules of the firewall ({address})."),
            _("They have proved to let in whoever set them."),
            has_end=False,
        ),
        EventKind(
            "firewall_taken_back",
            _("Firewall taken back"),
            "warning",
            _("The former rules of the firewall are in force again. {reason}"),
            _("Nobody kept the new ones in time, so that nobody is locked out."),
            has_end=False,
        ),
        EventKind(
            "firewall_fault",
            _("Firewall not in force"),
            "error",
            _("The rules of the firewall could not be set. {reason}"),
            _("Those before stay in force. It is tried again."),
        ),
        EventKind(
            "ssh_open",
            _("Remote shell open"),
            "warning",
            _("SSH is on until {until}; {actor} switched it on."),
            _("Whoever has one of the keys can do anything to the box. Switch it off when done."),
        ),
        EventKind(
            "ssh_switched",
            _("Remote shell switched"),
            "info",
            _("{actor} switched SSH {state}."),
            _("Who opened or closed the remote shell."),
            has_end=False,
        ),
    ]
