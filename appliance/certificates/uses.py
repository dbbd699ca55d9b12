"""Which services show a certificate, and what one has to be issued for to be shown there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.text import _

DEVICE = "device"
"""The id of the certificate the box makes for itself; it is always there."""


@dataclass(frozen=True, slots=True)
class Use:
    """A service that shows a certificate; `purpose` as RFC 5280 section 4.2.1.12 has it."""

    slug: str
    title: str
    purpose: x509.ObjectIdentifier


USES: Mapping[str, Use] = {
    use.slug: use
    for use in (Use("web", _("Web page and API (HTTPS)"), ExtendedKeyUsageOID.SERVER_AUTH),)
}
"""A service that comes to show certificates is named here (D2-SE-21, N13.9)."""


def suits(certificate: x509.Certificate, use: Use) -> bool:
    """Whether it was issued for that: no purpose is told in it, or this one is among them."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError):
        return True
    return bool(set(found.value) & {use.purpose, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
