"""Making keys, self-signed certificates and requests to an authority (CSR)."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.certificates.pair import CertificateError, Key, Pair
from appliance.settings.values import host_names
from appliance.text import _

KeyKind = Literal["p256", "p384", "rsa2048", "rsa3072"]
BACKDATED_DAYS = 2
"""So that a client whose clock is a little behind accepts a new one."""
MOST_NAMES = 64
MOST_DAYS = 3650
_COUNTRY = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate is for: host names and addresses, and who runs the box (D2-SE-40)."""

    common_name: str
    names: Sequence[str] = field(default_factory=tuple)
    organisation: str = ""
    unit: str = ""
    locality: str = ""
    state: str = ""
    country: str = ""

    def checked(self) -> Subject:
        """Return it as it goes into a certificate; raise CertificateError naming the field."""
        if not self.common_name.strip():
            raise CertificateError("subject", _("Say whom it is for."), "common_name")
        for name in ("common_name", "organisation", "unit", "locality", "state"):
            if len(getattr(self, name)) > 64:  # the upper bounds of RFC 5280 appendix A
                raise CertificateError("subject", _("At most 64 characters."), name)
        country = self.country.strip().upper()
        if country and not (len(country) == _COUNTRY and country.isascii() and country.isalpha()):
            text = _("Two letters, such as DE or US.")
            raise CertificateError("subject", text, "country")
        if len(self.names) > MOST_NAMES:
            text = _("At most {most} names.").format(most=MOST_NAMES)
            raise CertificateError("subject", text, "names")
        names = [checked_name(name) for name in self.names if name.strip()]
        return Subject(
            self.common_name.strip(), tuple(dict.fromkeys(names)), self.organisation.strip(),
            self.unit.strip(), self.locality.strip(), self.state.strip(), country,
        )  # fmt: skip

    def x509(self) -> x509.Name:
        """Return the name of X.509; empty parts are left out."""
        parts = (
            (NameOID.COUNTRY_NAME, self.country),
            (NameOID.STATE_OR_PROVINCE_NAME, self.state),
            (NameOID.LOCALITY_NAME, self.locality),
            (NameOID.ORGANIZATION_NAME, self.organisation),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, self.unit),
            (NameOID.COMMON_NAME, self.common_name),
        )
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def checked_name(name: str) -> str:
    """Return an address, or a host name as DNS writes it; raise CertificateError."""
    name = name.strip()
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    plain = name.removeprefix("*.")
    try:
        found = host_names(plain)
    except ValueError:
        found = []
    if len(found) != 1:
        text = _('"{name}" is neither a host name nor an address.')
        raise CertificateError("subject", text.format(name=name), "names")
    return found[0] if plain == name else f"*.{found[0]}"


def new_key(kind: KeyKind = "p256") -> Key:
    """Make a key.  Blocking: RSA takes up to a few seconds on the box."""
    match kind:
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "rsa2048":
            return rsa.generate_private_key(65537, 2048)
        case "rsa3072":
            return rsa.generate_private_key(65537, 3072)


def self_signed(key: Key, subject: Subject, now: datetime.datetime, days: int) -> Pair:
    """Return a server certificate of `subject` for `key`, valid for `days` (1 to 3650) from `now`.

    `subject` is `checked`.
    """
    day = datetime.timedelta(days=1)
    name = subject.x509()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED_DAYS * day)
        .not_valid_after(now + days * day)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    if subject.names:
        builder = builder.add_extension(_alternatives(subject.names), False)
    return Pair(key, (builder.sign(key, hashes.SHA256()),))


def request(key: Key, subject: Subject) -> str:
    """Return a request to an authority (PKCS#10, RFC 2986) as PEM; `subject` is `checked`."""
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject.x509())
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    )
    if subject.names:
        builder = builder.add_extension(_alternatives(subject.names), False)
    signed = builder.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def _alternatives(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general_name(name) for name in names])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
