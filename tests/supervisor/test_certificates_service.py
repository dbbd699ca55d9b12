"""Certificates over the bus: kept, chosen, handed out, reminded of (D2-SE-21, 40..43, N13.10)."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from appliance.bus.errors import BusError
from appliance.certificates.device import renewed
from appliance.certificates.facts import names_of
from appliance.certificates.pair import pair_of
from tests.certificates.authority import Authority, Made, make
from tests.supervisor.security_lab import SecurityLab

DAY = datetime.timedelta(days=1)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[SecurityLab]:
    found = SecurityLab(tmp_path)
    await found.start()
    yield found
    await found.close()


@pytest.fixture(scope="module")
def authority() -> Authority:
    root = make("Root", ca=True, start=now() - DAY, end=now() + 900 * DAY)
    return Authority(root, make("Issuer", root, ca=True, start=now() - DAY, end=now() + 800 * DAY))


def server(authority: Authority, days: float = 90) -> Made:
    return authority.server(start=now() - 2 * DAY, end=now() + days * DAY)


async def ask(lab: SecurityLab, method: str, **params: Any) -> Any:
    web = await lab.peer()
    return await web.request(f"certificates.{method}", {"actor": "admin@10.0.0.1", **params})


async def refused(lab: SecurityLab, code: str, method: str, **params: Any) -> BusError:
    with pytest.raises(BusError) as caught:
        await ask(lab, method, **params)
    assert caught.value.code == f"certificates.{code}"
    return caught.value


async def add(lab: SecurityLab, name: str, made: Made) -> None:
    await ask(lab, "add", id=name, key=made.key_pem(), chain=made.pem)


async def served(lab: SecurityLab) -> x509.Certificate:
    answer = await ask(lab, "serve", service="web")
    return pair_of(answer["key"], answer["chain"]).leaf


async def test_the_device_certificate_is_there_and_served(lab: SecurityLab) -> None:
    told = await ask(lab, "list")
    assert [(c["id"], c["kind"], c["used_by"]) for c in told["certificates"]] == [
        ("device", "device", ["web"])
    ]
    assert "localhost" in names_of(await served(lab))


async def test_a_new_name_of_the_box_stands_in_it(lab: SecurityLab) -> None:
    web = await lab.peer()
    changed: list[Any] = []
    web.subscribe("certificates.changed", changed.append)
    before = await served(lab)
    await lab.set(web, "web", host_names="nvr.example.org bücher.example")
    await lab.until(lambda: changed)
    after = await served(lab)
    assert {"nvr.example.org", "xn--bcher-kva.example"} <= set(names_of(after))
    assert after.public_key() == before.public_key()


async def test_a_key_that_lay_in_clear_is_taken_over_and_sealed(tmp_path: Path) -> None:
    old, _why = renewed(None, frozenset({"localhost"}), now())
    folder = tmp_path / "state" / "web" / "tls"
    folder.mkdir(parents=True)
    (folder / "key.pem").write_text(old.key_pem())
    (folder / "certificate.pem").write_text(old.chain_pem())
    lab = SecurityLab(tmp_path)
    await lab.start()
    assert (await served(lab)).public_key() == old.leaf.public_key()
    lab.security.certificates._look.set()
    await lab.until(lambda: not list(folder.iterdir()))
    await lab.close()
    for path in (tmp_path / "state").rglob("*"):
        assert not path.is_file() or b"PRIVATE KEY" not in path.read_bytes(), path


async def test_a_chosen_one_is_served_and_told_of(lab: SecurityLab, authority: Authority) -> None:
    made = server(authority)
    await add(lab, "office", made)
    changed: list[Any] = []
    (await lab.peer()).subscribe("certificates.changed", changed.append)
    await ask(lab, "use", service="web", id="office")
    assert changed
    assert await served(lab) == made.certificate
    await refused(lab, "in_use", "remove", id="office")
    text = (await ask(lab, "text", id="office"))["pem"]
    assert made.pem == text
    assert "PRIVATE" not in text
    from appliance.events.query import EventFilter

    events, _next = await lab.events.query(EventFilter.parse({"kinds": ["certificates_changed"]}))
    assert [event.details["actor"] for event in events] == ["admin@10.0.0.1"] * 2


async def test_made_here_and_wrong_fields_are_named(lab: SecurityLab) -> None:
    common = {"key_kind": "p256", "common_name": "nvr", "names": ["nvr.example.org"]}
    await ask(lab, "create", id="own", days=365, **common)
    error = await refused(lab, "id_taken", "create", id="own", days=365, **common)
    assert error.fields[0]["path"] == "id"
    error = await refused(lab, "invalid", "create", id="two", days=0, **common)
    assert error.fields[0]["path"] == "days"
    error = await refused(
        lab, "subject", "create", id="two", days=9, **{**common, "country": "Germany"}
    )
    assert error.fields[0]["path"] == "country"


async def test_what_an_authority_answers_finds_its_request(
    lab: SecurityLab, authority: Authority
) -> None:
    asked = await ask(
        lab, "request", id="signed", key_kind="p256", common_name="nvr.example.org", names=[]
    )
    csr = x509.load_pem_x509_csr(asked["request"].encode())
    issued = (
        x509.CertificateBuilder()
        .subject_name(csr.subject)
        .issuer_name(authority.middle.certificate.subject)
        .public_key(csr.public_key())
        .serial_number(9)
        .not_valid_before(now() - DAY)
        .not_valid_after(now() + 9 * DAY)
        .sign(authority.middle.key, hashes.SHA256())
    )
    answer = Made(issued, None).pem
    await refused(lab, "no_key", "complete", pem=server(authority).pem)
    assert await ask(lab, "complete", pem=authority.middle.pem + answer) == {"id": "signed"}
    told = next(c for c in (await ask(lab, "list"))["certificates"] if c["id"] == "signed")
    assert (told["kind"], [f["subject"] for f in told["chain"]]) == (
        "certificate",
        ["nvr.example.org", "Issuer"],
    )
    await ask(lab, "use", service="web", id="signed")
    assert await served(lab) == issued


async def test_it_is_reminded_and_no_longer_once_it_is_gone(
    lab: SecurityLab, authority: Authority
) -> None:
    await add(lab, "short", server(authority, days=10))
    assert ("certificate_ending", "short") not in lab.open_events()
    web = await lab.peer()
    await lab.set(web, "certificates", remind_days=30)
    await lab.until(lambda: ("certificate_ending", "short") in lab.open_events())
    await ask(lab, "remove", id="short")
    assert ("certificate_ending", "short") not in lab.open_events()


async def test_one_that_cannot_be_used_any_more_gives_way_and_is_told(
    tmp_path: Path, authority: Authority
) -> None:
    lab = SecurityLab(tmp_path)
    await lab.start()
    await add(lab, "office", server(authority))
    await ask(lab, "use", service="web", id="office")
    await lab.close()
    (tmp_path / "state" / "keys" / "device.key").unlink()
    again = SecurityLab(tmp_path)
    await again.start()
    assert "localhost" in names_of(await served(again))
    assert ("certificate_unusable", "web") in again.open_events()
    shown = (await ask(again, "list"))["services"][0]
    assert (shown["chosen"], shown["shown"]) == ("office", "device")
    assert "another recorder" in shown["reason"]
    await ask(again, "use", service="web", id="device")
    assert ("certificate_unusable", "web") not in again.open_events()
    await again.close()


async def test_authorities_lie_where_whoever_connects_finds_them(
    lab: SecurityLab, authority: Authority
) -> None:
    await ask(lab, "trust", id="root", pem=authority.root.pem)
    path = lab.paths.state / "trusted" / "root.pem"
    assert path.read_text() == authority.root.pem
    assert path.stat().st_mode & 0o044 == 0o044
    await refused(lab, "not_authority", "trust", id="x", pem=server(authority).pem)
    await ask(lab, "distrust", id="root")
    assert not path.exists()


async def test_a_reset_of_everything_leaves_the_device_certificate(
    lab: SecurityLab, authority: Authority
) -> None:
    await add(lab, "office", server(authority))
    await ask(lab, "use", service="web", id="office")
    web = await lab.peer()
    await web.request("settings.reset", {"scope": "all", "actor": "admin"})
    assert [c["id"] for c in (await ask(lab, "list"))["certificates"]] == ["device"]
