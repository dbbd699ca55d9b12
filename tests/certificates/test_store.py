"""What a box keeps of certificates: sealed, bounded, shown by services (D2-SE-21, 23, 40..43)."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from appliance.certificates.ending import endings
from appliance.certificates.issue import Subject, new_key, self_signed
from appliance.certificates.pair import CertificateError, Pair
from appliance.certificates.store import FILE, MOST, CertificateStore
from appliance.certificates.trust import client_context
from appliance.settings.vault import Vault
from tests.certificates.authority import DAY, NOW, Authority, Made, make

NAMES = frozenset({"localhost", "127.0.0.1"})


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "device.key")


@pytest.fixture
def store(tmp_path: Path, vault: Vault) -> CertificateStore:
    made = CertificateStore(tmp_path / "certificates", tmp_path / "trusted", vault)
    made.open()
    made.ensure_device(NAMES, NOW)
    return made


def again(tmp_path: Path, vault: Vault) -> CertificateStore:
    made = CertificateStore(tmp_path / "certificates", tmp_path / "trusted", vault)
    made.open()
    return made


def pair(made: Made) -> Pair:
    return Pair(made.key, (made.certificate,))


def refused(code: str, work: Any) -> str:
    with pytest.raises(CertificateError) as caught:
        work()
    assert caught.value.code == f"certificates.{code}"
    return caught.value.text


def test_what_is_kept_is_there_after_a_restart_and_no_key_is_in_clear(
    store: CertificateStore, tmp_path: Path, vault: Vault, authority: Authority
) -> None:
    server = authority.server()
    store.add("office", pair(server))
    store.use("web", "office", NOW)
    store.trust("root", authority.root.certificate)
    found = again(tmp_path, vault)
    name, shown, why = found.for_use("web", NOW)
    assert (name, shown.leaf, why) == ("office", server.certificate, "")
    assert found.pair("office").key.private_numbers() == server.key.private_numbers()
    assert found.authorities() == {"root": authority.root.certificate}
    on_disk = (tmp_path / "certificates" / FILE).read_text()
    assert "PRIVATE KEY" not in on_disk
    assert (tmp_path / "certificates" / FILE).stat().st_mode & 0o077 == 0


def test_the_key_of_another_box_is_told_and_the_device_certificate_shown(
    store: CertificateStore, tmp_path: Path, authority: Authority
) -> None:
    store.add("office", pair(authority.server()))
    store.use("web", "office", NOW)
    found = again(tmp_path, Vault.open(tmp_path / "other.key"))
    assert found.ensure_device(NAMES, NOW)
    name, _shown, why = found.for_use("web", NOW)
    assert (name, "another recorder" in why) == ("device", True)


def test_one_that_ended_is_replaced_by_the_device_certificate(
    store: CertificateStore, authority: Authority
) -> None:
    store.add("office", pair(authority.server(end=NOW + 5 * DAY)))
    store.use("web", "office", NOW)
    later = NOW + 6 * DAY
    store.ensure_device(NAMES, later)
    name, _shown, why = store.for_use("web", later)
    assert (name, why) == ("device", "It ended on 2026-11-26.")
    refused("expired", lambda: store.use("web", "office", later))


def test_one_that_is_not_valid_yet_by_a_wrong_clock_is_shown(
    store: CertificateStore, authority: Authority
) -> None:
    store.add("office", pair(authority.server()))
    store.use("web", "office", NOW)
    assert store.for_use("web", datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC))[0] == "office"


def test_a_request_is_answered_by_its_certificate_only(
    store: CertificateStore, authority: Authority, tmp_path: Path, vault: Vault
) -> None:
    subject = Subject("nvr.example.org", ("nvr.example.org", "10.0.0.5")).checked()
    csr = x509.load_pem_x509_csr(store.ask("signed", new_key(), subject).encode())
    assert csr.is_signature_valid
    alternative = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternative.get_values_for_type(x509.DNSName) == ["nvr.example.org"]
    refused("no_certificate", lambda: store.use("web", "signed", NOW))
    stranger = authority.server().certificate
    assert store.request_of(stranger) is None
    refused("mismatch", lambda: store.complete("signed", [stranger]))

    issued = issue_for(authority, csr)
    assert store.request_of(issued) == "signed"
    store.complete("signed", [issued, authority.middle.certificate])
    found = again(tmp_path, vault)
    found.use("web", "signed", NOW)
    assert [*found.for_use("web", NOW)[1].chain] == [issued, authority.middle.certificate]


def issue_for(authority: Authority, csr: x509.CertificateSigningRequest) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(csr.subject)
        .issuer_name(authority.middle.certificate.subject)
        .public_key(csr.public_key())
        .serial_number(7)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 90 * DAY)
        .sign(authority.middle.key, hashes.SHA256())
    )


def test_names_and_contents_are_there_once(store: CertificateStore, authority: Authority) -> None:
    server = authority.server()
    store.add("office", pair(server))
    refused("id_taken", lambda: store.add("Office", pair(authority.server())))
    refused("id_taken", lambda: store.add("device", pair(authority.server())))
    assert '"office"' in refused("twice", lambda: store.add("again", pair(server)))
    for wrong in ("", "a b", "../x", "ä", "x" * 65):
        refused("bad_id", lambda wrong=wrong: store.add(wrong, pair(authority.server())))
    store.trust("root", authority.root.certificate)
    refused("twice", lambda: store.trust("root2", authority.root.certificate))


def test_sixteen_fit(store: CertificateStore) -> None:
    key = new_key()
    for number in range(MOST):
        store.add(f"c{number}", self_signed(key, Subject("nvr"), NOW, 90))
    refused("full", lambda: store.add("more", self_signed(key, Subject("nvr"), NOW, 90)))


def test_one_in_use_and_the_device_certificate_cannot_be_deleted(
    store: CertificateStore, authority: Authority
) -> None:
    store.add("office", pair(authority.server()))
    store.use("web", "office", NOW)
    assert "HTTPS" in refused("in_use", lambda: store.remove("office"))
    refused("in_use", lambda: store.remove("device"))
    store.use("web", "device", NOW)
    store.remove("office")
    refused("unknown", lambda: store.remove("office"))
    assert [entry.id for entry in store.entries()] == ["device"]


def test_a_client_certificate_is_not_shown_by_a_server(
    store: CertificateStore, authority: Authority
) -> None:
    store.add("client", pair(authority.server(usage=ExtendedKeyUsageOID.CLIENT_AUTH)))
    refused("purpose", lambda: store.use("web", "client", NOW))


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"entries": [{}], "uses": {}}', b"\xff"])
def test_a_damaged_document_is_kept_aside(tmp_path: Path, vault: Vault, text: bytes) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / FILE).write_bytes(text)
    store = again(tmp_path, vault)
    assert store.ensure_device(NAMES, NOW)
    assert any(path.read_bytes() == text for path in folder.glob("*.broken-*"))


def test_a_full_disk_changes_nothing(
    store: CertificateStore, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_what: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("appliance.certificates.store.write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        store.add("office", pair(authority.server()))
    assert [entry.id for entry in store.entries()] == ["device"]


def test_reset_leaves_the_device_certificate(store: CertificateStore, authority: Authority) -> None:
    shown = store.pair("device")
    store.add("office", pair(authority.server()))
    store.use("web", "office", NOW)
    store.trust("root", authority.root.certificate)
    store.forget()
    name, now_shown, why = store.for_use("web", NOW)
    assert (name, now_shown.chain, why) == ("device", shown.chain, "")
    assert store.authorities() == {}


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        (Subject(""), "common_name"),
        (Subject("x" * 65), "common_name"),
        (Subject("nvr", country="Germany"), "country"),
        (Subject("nvr", country="ÄÖ"), "country"),
        (Subject("nvr", ("not a name",)), "names"),
        (Subject("nvr", tuple(f"n{i}.org" for i in range(65))), "names"),
    ],
)
def test_a_wrong_field_of_whom_it_is_for_is_named(subject: Subject, field: str) -> None:
    with pytest.raises(CertificateError) as caught:
        subject.checked()
    assert caught.value.field == field


def test_it_is_reminded_in_time(authority: Authority) -> None:
    def ends(in_: datetime.timedelta) -> tuple[str, x509.Certificate]:
        return "a", make("a", start=NOW - 9 * DAY, end=NOW + in_).certificate

    def days(in_: datetime.timedelta, remind: int = 7) -> list[int]:
        return [ending.days for ending in endings([ends(in_)], NOW, remind)]

    assert days(8 * DAY) == []
    assert days(7 * DAY) == [7]
    assert days(5 * DAY / 24) == [0]
    assert days(-2 * DAY) == [-2]
    assert days(29 * DAY, 30) == [29]


async def test_a_server_of_a_trusted_authority_is_connected_to_and_no_other(
    store: CertificateStore, tmp_path: Path
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    root = make("Live root", ca=True, start=now - DAY, end=now + DAY)
    made = make("nvr.example.org", root, start=now - DAY, end=now + DAY)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair(made).load(server_side)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=server_side)
    port = server.sockets[0].getsockname()[1]

    async def connect(name: str = "nvr.example.org") -> None:
        _reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client_context(tmp_path / "trusted"), server_hostname=name
        )
        writer.close()

    async with server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect()
        store.trust("live", root.certificate)
        await connect()
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect("other.example.org")
        (tmp_path / "trusted" / "broken.pem").write_text("nonsense")
        await connect()
        assert list(store.authorities()) == ["live"]
        store.distrust("live")
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect()
