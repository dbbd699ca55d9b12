"""An authority of the test: a root, one below it, and servers of that one."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@dataclass
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: object

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def key_pem(self, passphrase: str = "") -> str:
        how = (
            serialization.BestAvailableEncryption(passphrase.encode())
            if passphrase
            else serialization.NoEncryption()
        )
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
        ).decode()

    def p12(self, passphrase: str, others: Sequence[Made] = (), *, key: bool = True) -> bytes:
        return pkcs12.serialize_key_and_certificates(
            b"nvr",
            self.key if key else None,
            self.certificate if key else None,
            [made.certificate for made in (others if key else [self, *others])],
            serialization.BestAvailableEncryption(passphrase.encode())
            if passphrase
            else serialization.NoEncryption(),
        )


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(
    subject: str,
    issuer: Made | None = None,
    *,
    ca: bool = False,
    key: object | None = None,
    start: datetime.datetime = NOW - DAY,
    end: datetime.datetime = NOW + 90 * DAY,
    usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.SERVER_AUTH,
) -> Made:
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer.certificate.subject if issuer else name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
    )
    if usage is not None and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
    if not ca:
        alternative = x509.SubjectAlternativeName([x509.DNSName("nvr.example.org")])
        builder = builder.add_extension(alternative, False)
    signer = issuer.key if issuer else key
    return Made(builder.sign(signer, hashes.SHA256()), key)


@dataclass
class Authority:
    root: Made
    middle: Made

    def server(self, subject: str = "nvr.example.org", **how: object) -> Made:
        return make(subject, self.middle, **how)


def made_authority() -> Authority:
    """Return a root and one below it."""
    root = make("Test root", ca=True, end=NOW + 3650 * DAY)
    return Authority(root, make("Test issuer", root, ca=True, end=NOW + 1000 * DAY))
