"""The device's own certificate: made at the first start, renewed in time, ECDSA P-256."""

from __future__ import annotations

import datetime
import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.accounts.files import write_private

VALID_DAYS = 397
"""What browsers accept at most of a certificate a person trusts by hand."""
RENEW_DAYS = 30
BACKDATED_DAYS = 2
"""So that a client whose clock is a little behind accepts a new one."""
MAX_NAMES = 64
_log = logging.getLogger(__name__)
Names = frozenset[str]


def own_names(more: Iterable[str] = ()) -> Names:
    """Return the host names and addresses this box is reached by, and `more`."""
    host = socket.gethostname()
    names = {"localhost", "127.0.0.1", "::1", host, f"{host.partition('.')[0]}.local", *more}
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family in (socket.AF_INET, socket.AF_INET6):
                names.add(address.address.partition("%")[0])
    return frozenset(name for name in names if name)


class DeviceCertificate:
    """Key and certificate of the box in one folder; the key stays when the certificate changes."""

    def __init__(self, folder: Path) -> None:
        self._key_path = folder / "key.pem"
        self.path = folder / "certificate.pem"

    def ensure(self, names: Names, now: datetime.datetime) -> bool:
        """Make or renew what is missing, unreadable, about to end, or lacks a name.

        Names once in it stay, so that a lease that comes and goes does not change it each time.
        Return whether it changed.  Raises OSError.
        """
        names = frozenset(sorted(names)[:MAX_NAMES])
        key = self._load_key()
        certificate = self._load_certificate()
        why = _why_renew(certificate, key, names, now)
        if why is None:
            return False
        key = key or self._new_key()
        former = _names_of(certificate) if certificate else frozenset()
        wanted = sorted(names) + sorted(former - names)
        write_private(self.path, _issue(key, wanted[:MAX_NAMES], now))
        _log.info("The device certificate was issued: %s", why)
        return True

    def context(self) -> ssl.SSLContext:
        """Return a server context with it: TLS 1.2 or later.  Raises OSError, ssl.SSLError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        self.reload(context)
        return context

    def reload(self, context: ssl.SSLContext) -> None:
        """Let `context` use what is on disk for connections made from now on."""
        context.load_cert_chain(self.path, self._key_path)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the certificate as people compare it: "AB:CD:..."; "" if none."""
        certificate = self._load_certificate()
        return certificate.fingerprint(hashes.SHA256()).hex(":").upper() if certificate else ""

    def _load_key(self) -> ec.EllipticCurvePrivateKey | None:
        try:
            key = serialization.load_pem_private_key(self._key_path.read_bytes(), None)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            _log.warning("The device key cannot be read, a new one is made: %s", error)
            return None
        return key if isinstance(key, ec.EllipticCurvePrivateKey) else None

    def _new_key(self) -> ec.EllipticCurvePrivateKey:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_private(self._key_path, pem)
        return key

    def _load_certificate(self) -> x509.Certificate | None:
        try:
            return x509.load_pem_x509_certificate(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            _log.warning("The device certificate cannot be read, a new one is made: %s", error)
            return None


def _why_renew(
    certificate: x509.Certificate | None,
    key: ec.EllipticCurvePrivateKey | None,
    names: Names,
    now: datetime.datetime,
) -> str | None:
    if certificate is None or key is None:
        return "there was none"
    if certificate.public_key() != key.public_key():
        return "it did not belong to the key"
    if now < certificate.not_valid_before_utc:
        return "it was not valid yet; the clock was set"
    if certificate.not_valid_after_utc - now < datetime.timedelta(days=RENEW_DAYS):
        return "it was about to end"
    missing = names - _names_of(certificate)
    return f"new names {', '.join(sorted(missing))}" if missing else None


def _names_of(certificate: x509.Certificate) -> Names:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(str(name.value) for name in extension.value)


def _issue(key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime.datetime) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Video recorder")])
    day = datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED_DAYS * day)
        .not_valid_after(now + (VALID_DAYS - BACKDATED_DAYS) * day)
        .add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
