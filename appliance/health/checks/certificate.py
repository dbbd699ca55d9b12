"""Certificates that end soon, have ended, or are not valid yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from appliance.bus.messages import Severity
from appliance.health.check import Check
from appliance.health.facts import CertificateFacts, Facts
from appliance.health.finding import Finding
from appliance.text import _

DAY_MS = 86_400_000
KIND = "certificate_ending"


class Certificate(Check):
    """Fires for each certificate in use from its own days before the end on."""

    slug = "certificate"
    title = _("Certificate ends")
    interval_s = 60.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the ends."""
        for certificate in facts.certificates:
            told = any(event.kind == KIND for event in facts.events)
            left = certificate.ends - facts.now
            if left > certificate.warn_days * DAY_MS:
                continue
            yield replace(_finding(certificate, left), told=told)


def _finding(certificate: CertificateFacts, left_ms: int) -> Finding:
    name = certificate.name
    if left_ms <= 0:
        text = _("The certificate “{name}” has ended. Browsers and programs refuse it.")
        code, words = "certificate_ended", text.format(name=name)
    else:
        days = left_ms // DAY_MS
        text = (
            _("The certificate “{name}” ends within a day.")
            if days < 1
            else _("The certificate “{name}” ends in 1 day.")
            if days == 1
            else _("The certificate “{name}” ends in {days} days.")
        )
        code, words = "certificate_ends", text.format(name=name, days=days)
    todo = (
        _("The recorder renews it by itself; if it does not, check date and time.")
        if certificate.ours
        else _("Get a new one from whoever issued it, and import it.")
    )
    level: Severity = "error" if left_ms <= 0 else "warning"
    return Finding(code, level, words, "network", todo=todo, subject=name)
