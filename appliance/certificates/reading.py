"""Reading what a person imports: PEM or PKCS#12, its key, its passphrase; each fault by name."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from appliance.certificates.facts import (
    is_authority,
    is_issued_by,
    is_self_signed,
    key_in_words,
    name_in_words,
)
from appliance.certificates.pair import (
    MOST_PEM,
    CertificateError,
    Key,
    Pair,
    check_match,
    key_weakness,
    usable_key,
)
from appliance.text import _

MOST_CHAIN = 8
WEAK_HASHES = frozenset({"md5", "sha1"})
"""Signatures that TLS libraries refuse (RFC 9155)."""
_BEGIN_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


def read_pem(chain_text: str, key_text: str, passphrase: str, now: datetime.datetime) -> Pair:
    """Return the pair of two PEM texts; the key may also stand in the first.

    Raises CertificateError.
    """
    certificates = read_certificates(chain_text)
    key = read_key(key_text or chain_text, passphrase)
    if key is None:
        raise _no_key()
    return checked_pair(key, certificates, now)


def read_pkcs12(data: bytes, passphrase: str, now: datetime.datetime) -> Pair:
    """Return the pair of a PKCS#12 file (.p12, .pfx; RFC 7292).  Raises CertificateError."""
    if len(data) > MOST_PEM:
        raise _too_long("pkcs12")
    password = passphrase.encode() or None
    try:
        key, leaf, others = pkcs12.load_key_and_certificates(data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if "password" in str(error).lower() or "mac" in str(error).lower():
            raise _wrong_passphrase(passphrase) from None
        text = _("This is no PKCS#12 file, or a damaged one. Such files end in .p12 or .pfx.")
        raise CertificateError("not_pkcs12", text, "pkcs12") from None
    if key is None:
        raise _no_key()
    if leaf is None:
        raise _no_certificate("pkcs12")
    return checked_pair(usable_key(key), [leaf, *others], now)


def read_signed(key: Key, chain_text: str, now: datetime.datetime) -> Pair:
    """Return what an authority sent for a request whose key is `key`.  Raises CertificateError."""
    return checked_pair(key, read_certificates(chain_text), now)


def read_authority(text: str, now: datetime.datetime) -> x509.Certificate:
    """Return the certificate of an authority to trust (D2-SE-43).  Raises CertificateError."""
    certificates = read_certificates(text)
    if len(certificates) != 1:
        raise CertificateError("several", _("Import one certificate at a time."), "pem")
    found = certificates[0]
    if not is_authority(found):
        text = _(
            "This is not the certificate of an authority: it may not issue others. Import the one "
            "of whoever issued it ({issuer})."
        )
        raise CertificateError(
            "not_authority", text.format(issuer=name_in_words(found.issuer)), "pem"
        )
    _check_key(found)
    _check_time(found, now)
    return found


def read_certificates(text: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM text, or of base64 of one in DER.  CertificateError."""
    if len(text) > MOST_PEM:
        raise _too_long("pem")
    if _BEGIN_CERTIFICATE not in text:
        raise _no_certificate("pem")
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        text = _("The certificate is damaged ({reason}). Export it again as PEM.")
        raise CertificateError("damaged", text.format(reason=str(error)[:120]), "pem") from None
    if len(found) > MOST_CHAIN:
        text = _("There are {count} certificates in it; a chain has {most} at most.")
        text = text.format(count=len(found), most=MOST_CHAIN)
        raise CertificateError("too_many", text, "pem")
    return found


def read_key(text: str, passphrase: str) -> Key | None:
    """Return the private key of a PEM text, None if there is none.  Raises CertificateError."""
    if len(text) > MOST_PEM:
        raise _too_long("key")
    if "PRIVATE KEY-----" not in text:
        return None
    begin = text.rindex("-----BEGIN ", 0, text.index("PRIVATE KEY-----"))
    block = text[begin:].encode()
    try:
        try:
            key = serialization.load_pem_private_key(block, passphrase.encode() or None)
        except TypeError:
            if not passphrase:  # encrypted, and none was given
                raise _wrong_passphrase("") from None
            key = serialization.load_pem_private_key(block, None)  # one that was not needed
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if passphrase and ("ENCRYPTED" in text):
            raise _wrong_passphrase(passphrase) from None
        text = _("The key is damaged ({reason}). Export it again as PEM.")
        raise CertificateError("bad_key", text.format(reason=str(error)[:120]), "key") from None
    return usable_key(key)


def checked_pair(
    key: Key, certificates: Sequence[x509.Certificate], now: datetime.datetime
) -> Pair:
    """Return the pair with its chain in order; raise CertificateError for what is wrong with it."""
    leaf = next((c for c in certificates if c.public_key() == key.public_key()), None)
    if leaf is None:
        check_match(key, certificates[0])
        raise _no_certificate("pem")
    chain = in_order(leaf, certificates)
    if is_authority(leaf) and not is_self_signed(leaf):
        text = _("This is the certificate of an authority, not of a server.")
        raise CertificateError("authority", text, "pem")
    for certificate in chain:
        _check_key(certificate)
        _check_time(certificate, now)
    return Pair(key, tuple(chain))


def in_order(
    leaf: x509.Certificate, certificates: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """Return `leaf` and behind it each one's issuer, whatever their order was in the file.

    Raise CertificateError where one has nothing to do with the others.
    """
    chain = [leaf]
    rest = list(dict.fromkeys(c for c in certificates if c != leaf))
    while rest and not is_self_signed(chain[-1]):
        issuer = next((c for c in rest if is_issued_by(chain[-1], c)), None)
        if issuer is None:
            break
        rest.remove(issuer)
        chain.append(issuer)
    if rest:
        text = _(
            'The chain has a gap: "{name}" did not issue any certificate before it. The next one '
            'should be that of "{issuer}".'
        )
        text = text.format(
            name=name_in_words(rest[0].subject), issuer=name_in_words(chain[-1].issuer)
        )
        raise CertificateError("chain", text, "pem")
    return chain


def _check_key(certificate: x509.Certificate) -> None:
    try:
        weakness = key_weakness(certificate.public_key())
    except ValueError:
        weakness = key_in_words(certificate)
    if weakness:
        raise CertificateError("weak_key", weakness, "pem")
    algorithm = certificate.signature_hash_algorithm
    if algorithm is not None and algorithm.name in WEAK_HASHES and not is_self_signed(certificate):
        text = _(
            'The certificate of "{name}" is signed with {hash}, which is forgeable and refused by '
            "browsers. Ask for one with SHA-256."
        )
        name = name_in_words(certificate.subject)
        text = text.format(name=name, hash=algorithm.name.upper())
        raise CertificateError("weak_signature", text, "pem")


def _check_time(certificate: x509.Certificate, now: datetime.datetime) -> None:
    name = name_in_words(certificate.subject)
    if now > certificate.not_valid_after_utc:
        text = _('The certificate of "{name}" ended on {day}. Import its successor.')
        day = certificate.not_valid_after_utc.date().isoformat()
        raise CertificateError("expired", text.format(name=name, day=day), "pem")
    if now < certificate.not_valid_before_utc:
        text = _(
            'The certificate of "{name}" holds from {day} on, and it is {today} by the clock of '
            "the recorder. Import it then, or set the clock if that is wrong."
        )
        day = certificate.not_valid_before_utc.date().isoformat()
        text = text.format(name=name, day=day, today=now.date().isoformat())
        raise CertificateError("not_yet_valid", text, "pem")


def _no_key() -> CertificateError:
    text = _(
        "There is a certificate, but no private key with it. Choose the file with the key too, or "
        "a PKCS#12 file that holds both."
    )
    return CertificateError("no_key", text, "key")


def _no_certificate(field: str) -> CertificateError:
    text = _('There is no certificate in it. A PEM file has a line "{line}".')
    return CertificateError("no_certificate", text.format(line=_BEGIN_CERTIFICATE), field)


def _too_long(field: str) -> CertificateError:
    text = _("It is longer than any certificate ({most} kB at most).")
    return CertificateError("too_long", text.format(most=MOST_PEM // 1024), field)


def _wrong_passphrase(passphrase: str) -> CertificateError:
    text = (
        _("The passphrase does not open it. Type the one it was exported with.")
        if passphrase
        else _("It is encrypted. Type the passphrase it was exported with.")
    )
    return CertificateError("passphrase", text, "passphrase")
