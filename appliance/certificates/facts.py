"""What a certificate says, as people and programs read it."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from typing_extensions import TypedDict


class Facts(TypedDict):
    """A certificate in words; times are milliseconds since 1970 (UTC).

    `key` as "ECDSA P-256" or "RSA 2048"; `fingerprint` the SHA-256 as people compare it.
    """

    subject: str
    issuer: str
    names: list[str]
    not_before: int
    not_after: int
    key: str
    fingerprint: str
    serial: str
    self_signed: bool


def facts_of(certificate: x509.Certificate) -> Facts:
    """Return what it says."""
    return Facts(
        subject=name_in_words(certificate.subject),
        issuer=name_in_words(certificate.issuer),
        names=names_of(certificate),
        not_before=int(certificate.not_valid_before_utc.timestamp() * 1000),
        not_after=int(certificate.not_valid_after_utc.timestamp() * 1000),
        key=key_in_words(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        serial=f"{certificate.serial_number:X}",
        self_signed=is_self_signed(certificate),
    )


def name_in_words(name: x509.Name) -> str:
    """Return the common name, with the organisation where there is one; else all of it."""
    common = _first(name, NameOID.COMMON_NAME)
    organisation = _first(name, NameOID.ORGANIZATION_NAME)
    if common and organisation and common != organisation:
        return f"{common} ({organisation})"
    return common or organisation or name.rfc4514_string()


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the DNS names and addresses it holds for (RFC 5280 section 4.2.1.6)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    names = extension.value
    return [
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    ]


def key_in_words(certificate: x509.Certificate) -> str:
    """Return kind and size of the key."""
    try:
        key = certificate.public_key()
    except ValueError:
        return "-"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        known = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        return f"ECDSA {known.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.removesuffix("PublicKey")


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether it was issued with its own key."""
    return certificate.issuer == certificate.subject and is_issued_by(certificate, certificate)


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - each kind of key raises errors of its own
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may issue others (RFC 5280 section 4.2.1.9)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return found.value.ca


def _first(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
