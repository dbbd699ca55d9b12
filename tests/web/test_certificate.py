"""The device's own certificate."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.web.certificate import DeviceCertificate, own_names

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
NAMES = frozenset({"localhost", "127.0.0.1", "::1", "nvr.local"})
DAY = datetime.timedelta(days=1)


@pytest.fixture
def device(tmp_path: Path) -> DeviceCertificate:
    return DeviceCertificate(tmp_path / "tls")


def read(device: DeviceCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(device.path.read_bytes())


def names(device: DeviceCertificate) -> set[str]:
    extension = read(device).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return {str(name.value) for name in extension.value}


def test_it_is_made_at_the_first_start(device: DeviceCertificate) -> None:
    assert device.ensure(NAMES, NOW)
    certificate = read(device)
    assert isinstance(certificate.public_key().curve, ec.SECP256R1)
    assert names(device) == NAMES
    assert (device.path.parent / "key.pem").stat().st_mode & 0o777 == 0o600
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= 397 * DAY


def test_it_stays_while_nothing_changes(device: DeviceCertificate) -> None:
    device.ensure(NAMES, NOW)
    assert not device.ensure(NAMES, NOW + 300 * DAY)


@pytest.mark.parametrize("days", [370, 500, -400])
def test_it_is_renewed_in_time_and_when_the_clock_was_wrong(
    device: DeviceCertificate, days: int
) -> None:
    device.ensure(NAMES, NOW)
    before = read(device)
    assert device.ensure(NAMES, NOW + days * DAY)
    after = read(device)
    assert after.public_key() == before.public_key()
    assert after.not_valid_before_utc <= NOW + days * DAY < after.not_valid_after_utc - 30 * DAY


def test_a_new_address_is_added_and_the_former_ones_stay(device: DeviceCertificate) -> None:
    device.ensure(NAMES, NOW)
    assert device.ensure(frozenset({"localhost", "10.0.0.9"}), NOW)
    assert names(device) == NAMES | {"10.0.0.9"}
    assert not device.ensure(NAMES, NOW)


def test_more_names_than_fit_do_not_make_it_anew_each_time(device: DeviceCertificate) -> None:
    many = frozenset(f"n{number}.example" for number in range(100))
    assert device.ensure(many, NOW)
    assert not device.ensure(many, NOW)


@pytest.mark.parametrize("file", ["key.pem", "certificate.pem"])
def test_a_damaged_file_is_made_anew(device: DeviceCertificate, file: str) -> None:
    device.ensure(NAMES, NOW)
    (device.path.parent / file).write_bytes(b"garbage")
    assert device.ensure(NAMES, NOW)
    device.context()


def test_a_certificate_of_another_key_is_made_anew(
    device: DeviceCertificate, tmp_path: Path
) -> None:
    device.ensure(NAMES, NOW)
    other = DeviceCertificate(tmp_path / "other")
    other.ensure(NAMES, NOW)
    device.path.write_bytes(other.path.read_bytes())
    assert device.ensure(NAMES, NOW)
    assert device.fingerprint() != other.fingerprint()


def test_old_tls_is_not_spoken(device: DeviceCertificate) -> None:
    device.ensure(NAMES, NOW)
    context = device.context()
    assert context.minimum_version.name == "TLSv1_2"


def test_the_box_knows_its_own_addresses() -> None:
    assert {"localhost", "127.0.0.1", "::1"} <= own_names()
