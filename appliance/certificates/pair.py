"""A private key with its certificate and what is between that and its authority, as one value."""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from appliance.text import _

Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
LEAST_RSA_BITS = 2048
CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
"""What browsers and TLS libraries take (NIST SP 800-52r2 section 3.3)."""
MOST_PEM = 128 * 1024


class CertificateError(Exception):
    """A certificate, key or list of them is not taken: `code` for programs, `text` for people.

    `field` names what was wrong of what was sent: "pem", "key", "pkcs12", "passphrase", "id", ...
    """

    def __init__(self, code: str, text: str, field: str = "") -> None:
        super().__init__(text)
        self.code = f"certificates.{code}"
        self.text = text
        self.field = field


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its chain: the certificate of the key first, each issued by the one behind it."""

    key: Key
    chain: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate that belongs to the key."""
        return self.chain[0]

    def chain_pem(self) -> str:
        """Return the certificates as PEM, in order."""
        return chain_pem(self.chain)

    def key_pem(self) -> str:
        """Return the key as PEM (PKCS#8), not encrypted: for the vault and for TLS, nobody else."""
        return key_pem(self.key)

    def load(self, context: ssl.SSLContext) -> None:
        """Let `context` use it for connections made from now on.  Raises ssl.SSLError, OSError.

        OpenSSL only reads files; this one has no name and is in memory, so that the key never
        lies on a disk in clear.
        """
        descriptor = os.memfd_create("tls", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write((self.key_pem() + self.chain_pem()).encode())
            file.flush()
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")


def chain_pem(chain: Sequence[x509.Certificate]) -> str:
    """Return certificates as PEM, one behind the other."""
    return "".join(c.public_bytes(serialization.Encoding.PEM).decode() for c in chain)


def key_pem(key: Key) -> str:
    """Return a key as PEM (PKCS#8), not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def pair_of(key_text: str, chain_text: str) -> Pair:
    """Return what `key_pem` and `chain_pem` wrote; raise CertificateError if that is damaged."""
    try:
        key = usable_key(serialization.load_pem_private_key(key_text.encode(), None))
        chain = tuple(x509.load_pem_x509_certificates(chain_text.encode()))
    except (ValueError, TypeError) as error:
        raise CertificateError("damaged", str(error)) from None
    check_match(key, chain[0])
    return Pair(key, chain)


def usable_key(key: PrivateKeyTypes) -> Key:
    """Return `key` if servers and browsers take one of its kind; raise CertificateError."""
    weakness = key_weakness(key.public_key())
    if weakness or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CertificateError("weak_key", weakness, "key")
    return key


def key_weakness(key: PublicKeyTypes) -> str:
    """Return in words why a key is not taken, "" if it is."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size >= LEAST_RSA_BITS:
            return ""
        text = _(
            "The RSA key has {bits} bits, which is too weak. Make one of {least} bits or more."
        )
        return text.format(bits=key.key_size, least=LEAST_RSA_BITS)
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name in CURVES:
            return ""
        text = _("The curve {curve} is not taken by browsers. Use P-256, P-384 or P-521.")
        return text.format(curve=key.curve.name)
    return _("Keys of this kind are not taken by browsers. Use RSA or an elliptic curve (P-256).")


def check_match(key: Key, certificate: x509.Certificate) -> None:
    """Raise CertificateError unless the certificate was issued for the key."""
    if certificate.public_key() != key.public_key():
        text = _("The key does not belong to this certificate. Choose the key it was issued for.")
        raise CertificateError("mismatch", text, "key")
