"""What a person imports is taken, or refused with the reason (D2-SE-41..43, N13.9)."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from appliance.certificates.facts import facts_of
from appliance.certificates.pair import CertificateError, pair_of
from appliance.certificates.reading import read_authority, read_pem, read_pkcs12, read_signed
from tests.certificates.authority import DAY, NOW, Authority, Made, make

PASSPHRASE = "heron under the bridge"


def refused(code: str, field: str, work: Any) -> CertificateError:
    with pytest.raises(CertificateError) as caught:
        work()
    assert (caught.value.code, caught.value.field) == (f"certificates.{code}", field)
    assert PASSPHRASE not in caught.value.text
    return caught.value


def names(pair: Any) -> list[str]:
    return [facts_of(c)["subject"] for c in pair.chain]


@pytest.fixture(scope="session")
def server(authority: Authority) -> Made:
    return authority.server()


CHAIN = ["nvr.example.org", "Test issuer", "Test root"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_chain_is_put_in_order(authority: Authority, server: Made, order: Any) -> None:
    parts = [server.pem, authority.middle.pem, authority.root.pem]
    pair = read_pem("".join(parts[n] for n in order), server.key_pem(), "", NOW)
    assert names(pair) == CHAIN


def test_a_key_in_the_same_file_is_found(authority: Authority, server: Made) -> None:
    text = server.key_pem(PASSPHRASE) + server.pem + authority.middle.pem
    pair = read_pem(text, "", PASSPHRASE, NOW)
    assert names(pair) == CHAIN[:2]
    again = pair_of(pair.key_pem(), pair.chain_pem())
    assert (names(again), again.key.private_numbers()) == (CHAIN[:2], server.key.private_numbers())


def test_a_pkcs12_file_is_taken(authority: Authority, server: Made) -> None:
    data = server.p12(PASSPHRASE, [authority.root, authority.middle])
    assert names(read_pkcs12(data, PASSPHRASE, NOW)) == CHAIN
    assert names(read_pkcs12(server.p12(""), "", NOW)) == CHAIN[:1]


def test_a_passphrase_that_was_not_needed_does_no_harm(server: Made) -> None:
    assert names(read_pem(server.pem, server.key_pem(), "anything", NOW)) == CHAIN[:1]


@pytest.mark.parametrize("given", ["", "wrong"])
def test_a_wrong_or_missing_passphrase_is_told(server: Made, given: str) -> None:
    key, data = server.key_pem(PASSPHRASE), server.p12(PASSPHRASE)
    pem = refused("passphrase", "passphrase", lambda: read_pem(server.pem, key, given, NOW))
    p12 = refused("passphrase", "passphrase", lambda: read_pkcs12(data, given, NOW))
    assert ("does not open" in pem.text) == bool(given)
    assert ("does not open" in p12.text) == bool(given)


def test_a_certificate_without_its_key_is_refused(server: Made) -> None:
    refused("no_key", "key", lambda: read_pem(server.pem, "", "", NOW))
    refused(
        "no_key", "key", lambda: read_pkcs12(server.p12(PASSPHRASE, key=False), PASSPHRASE, NOW)
    )


def test_the_key_of_another_certificate_is_refused(authority: Authority, server: Made) -> None:
    other = authority.server()
    refused("mismatch", "key", lambda: read_pem(server.pem, other.key_pem(), "", NOW))
    refused("mismatch", "key", lambda: read_signed(other.key, server.pem, NOW))


def test_an_ended_one_and_one_of_the_future_are_refused(authority: Authority) -> None:
    ended = authority.server(start=NOW - 9 * DAY, end=NOW - DAY)
    error = refused("expired", "pem", lambda: read_pem(ended.pem, ended.key_pem(), "", NOW))
    assert "2026-11-20" in error.text
    early = authority.server(start=NOW + DAY)
    error = refused("not_yet_valid", "pem", lambda: read_pem(early.pem, early.key_pem(), "", NOW))
    assert "2026-11-22" in error.text


def test_an_ended_certificate_within_the_chain_is_refused(authority: Authority) -> None:
    middle = make("Old issuer", authority.root, ca=True, end=NOW - DAY, start=NOW - 9 * DAY)
    server = make("nvr.example.org", middle)
    error = refused(
        "expired", "pem", lambda: read_pem(server.pem + middle.pem, server.key_pem(), "", NOW)
    )
    assert "Old issuer" in error.text


@pytest.mark.parametrize(
    "key",
    [
        lambda: rsa.generate_private_key(65537, 1024),
        lambda: ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate,
    ],
)
def test_keys_that_browsers_refuse_are_refused(authority: Authority, key: Any) -> None:
    made = authority.server(key=key())
    refused("weak_key", "key", lambda: read_pem(made.pem, made.key_pem(), "", NOW))
    refused("weak_key", "key", lambda: read_pkcs12(made.p12(PASSPHRASE), PASSPHRASE, NOW))


def test_a_forgeable_signature_is_refused() -> None:
    issuer = make("RSA issuer", ca=True, key=rsa.generate_private_key(65537, 2048))
    made = make("nvr.example.org", issuer)
    der = made.certificate.public_bytes(serialization.Encoding.DER)
    sha256, sha1 = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")
    weak = Made(x509.load_der_x509_certificate(der.replace(sha256, sha1)), made.key)
    refused("weak_signature", "pem", lambda: read_pem(weak.pem, made.key_pem(), "", NOW))


def test_a_gap_in_the_chain_is_told_by_name(authority: Authority, server: Made) -> None:
    error = refused(
        "chain",
        "pem",
        lambda: read_pem(server.pem + authority.root.pem, server.key_pem(), "", NOW),
    )
    assert "Test root" in error.text
    assert "Test issuer" in error.text


def test_the_certificate_of_an_authority_is_not_for_showing(authority: Authority) -> None:
    middle = authority.middle
    refused("authority", "pem", lambda: read_pem(middle.pem, middle.key_pem(), "", NOW))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_certificate"),
        ("hello", "no_certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"),
        ("-----BEGIN CERTIFICATE-----\nMIIB", "damaged"),
        ("x" * 200_000, "too_long"),
    ],
)
def test_what_is_no_certificate_is_refused(server: Made, text: str, code: str) -> None:
    refused(code, "pem", lambda: read_pem(text, server.key_pem(), "", NOW))


def test_every_cut_of_a_file_is_refused_in_words(authority: Authority, server: Made) -> None:
    pem, key = server.pem + authority.middle.pem, server.key_pem()
    data = server.p12(PASSPHRASE)
    for cut in range(0, len(pem) - 1, 97):
        try:
            assert names(read_pem(pem[:cut], key, "", NOW)) == CHAIN[:1]
        except CertificateError as error:
            assert error.text
    for cut in range(0, len(key) - 30, 31):
        with pytest.raises(CertificateError):
            read_pem(pem, key[:cut], "", NOW)
    for cut in range(0, len(data), 151):
        with pytest.raises(CertificateError):
            read_pkcs12(data[:cut], PASSPHRASE, NOW)


def test_an_authority_is_trusted_and_nothing_else(authority: Authority, server: Made) -> None:
    assert facts_of(read_authority(authority.root.pem, NOW))["subject"] == "Test root"
    refused("not_authority", "pem", lambda: read_authority(server.pem, NOW))
    both = authority.root.pem + authority.middle.pem
    refused("several", "pem", lambda: read_authority(both, NOW))
    refused("expired", "pem", lambda: read_authority(authority.root.pem, NOW + 4000 * DAY))
