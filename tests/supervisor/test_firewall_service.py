"""New rules are on trial: kept by who gets in, taken back by themselves (D2-SE-30, 35, 36)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.errors import BusError
from tests.supervisor.security_lab import SecurityLab

ALLOW = {"mode": "allow", "allowed": [{"source": "10.0.0.0/24"}]}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[SecurityLab]:
    found = SecurityLab(tmp_path)
    await found.start()
    yield found
    await found.close()


async def refused(code: str, web: Any, method: str, **params: Any) -> BusError:
    with pytest.raises(BusError) as caught:
        await web.request(method, params)
    assert caught.value.code == code
    return caught.value


async def keep(web: Any, address: str = "10.0.0.9", **how: Any) -> Any:
    params = {"address": address, "connected_s": time.monotonic(), "actor": "admin", **how}
    return await web.request("firewall.keep", params)


async def test_services_that_are_on_are_let_through_from_the_start(lab: SecurityLab) -> None:
    await lab.until(lambda: "tcp dport 8443 accept" in lab.rules())
    assert "policy drop" in lab.rules()
    assert "tcp dport 22" not in lab.rules()
    web = await lab.peer()
    await lab.set(web, "web", https_port=9443)
    await lab.until(lambda: "tcp dport 9443 accept" in lab.rules())
    told = await web.request("firewall.get", {})
    assert told == {"mode": "off", "simulated": True, "fault": "", "trial": None}


async def test_rules_are_kept_by_somebody_they_let_in(lab: SecurityLab) -> None:
    web = await lab.peer()
    await lab.set(web, "firewall", **ALLOW)
    await lab.until(lambda: "ip saddr 10.0.0.0-10.0.0.255 jump services" in lab.rules())
    trial = (await web.request("firewall.get", {}))["trial"]
    assert 0 < trial["left_s"] <= 60
    assert ("firewall_trial", "firewall") in lab.open_events()
    await keep(web)
    assert (await web.request("firewall.get", {}))["trial"] is None
    assert ("firewall_trial", "firewall") not in lab.open_events()
    assert lab.store.raw("firewall")["mode"] == "allow"
    await refused("firewall.no_trial", web, "firewall.keep", address="10.0.0.9")


async def test_nobody_keeps_them_from_outside_or_by_an_old_connection(lab: SecurityLab) -> None:
    web = await lab.peer()
    before = time.monotonic()
    await lab.set(web, "firewall", **ALLOW)
    await lab.until(lambda: lab.security.firewall.on_trial)
    error = await refused(
        "firewall.cut_off", web, "firewall.keep", address="192.168.7.7", connected_s=1e12
    )
    assert "192.168.7.7" in error.text
    await refused(
        "firewall.old_connection", web, "firewall.keep", address="10.0.0.9", connected_s=before
    )
    assert lab.security.firewall.on_trial
    await keep(web, "127.0.0.1")


async def test_without_a_word_the_former_rules_come_back(tmp_path: Path) -> None:
    lab = SecurityLab(tmp_path, trial_s=0.3)
    await lab.start()
    web = await lab.peer()
    await lab.set(web, "firewall", mode="block", blocked=[{"source": "10.9.9.9"}])
    await lab.until(lambda: "10.9.9.9 drop" in lab.rules())
    await lab.until(lambda: "10.9.9.9" not in lab.rules())
    assert lab.store.raw("firewall")["mode"] == "off"
    assert lab.store.raw("firewall")["blocked"] == []
    told = [event.kind for event in (await lab.events.query(_all()))[0]]
    assert "firewall_taken_back" in told
    assert ("firewall_trial", "firewall") not in lab.open_events()
    await lab.close()


def _all() -> Any:
    from appliance.events.query import EventFilter

    return EventFilter.parse({})


async def test_rules_that_were_kept_come_back_not_those_before_them(tmp_path: Path) -> None:
    lab = SecurityLab(tmp_path, trial_s=30)
    await lab.start()
    web = await lab.peer()
    await lab.set(web, "firewall", **ALLOW)
    await lab.until(lambda: lab.security.firewall.on_trial)
    await keep(web)
    await lab.set(web, "firewall", allowed=[{"source": "172.16.0.0/12"}])
    await lab.until(lambda: "172.16.0.0" in lab.rules())
    await lab.set(web, "firewall", allowed=[{"source": "172.17.0.1"}])
    await lab.until(lambda: "172.17.0.1 jump" in lab.rules())
    await web.request("firewall.take_back", {"actor": "admin"})
    await lab.until(lambda: "ip saddr 10.0.0.0-10.0.0.255 jump services" in lab.rules())
    assert [e["source"] for e in lab.store.raw("firewall")["allowed"]] == ["10.0.0.0-10.0.0.255"]
    await lab.close()


async def test_what_was_on_trial_when_the_recorder_ended_is_taken_back(tmp_path: Path) -> None:
    lab = SecurityLab(tmp_path)
    await lab.start()
    await lab.set(await lab.peer(), "firewall", **ALLOW)
    await lab.until(lambda: lab.security.firewall.on_trial)
    await lab.close()
    again = SecurityLab(tmp_path)
    await again.start()
    assert again.store.raw("firewall")["mode"] == "off"
    await again.until(lambda: "jump services" in again.rules() and "10.0.0" not in again.rules())
    await again.close()


async def test_going_back_to_what_was_ends_the_trial(lab: SecurityLab) -> None:
    web = await lab.peer()
    await lab.set(web, "firewall", **ALLOW)
    await lab.until(lambda: lab.security.firewall.on_trial)
    await lab.set(web, "firewall", mode="off")
    await lab.until(lambda: not lab.security.firewall.on_trial)


async def test_a_list_that_keeps_everybody_out_is_not_saved(lab: SecurityLab) -> None:
    web = await lab.peer()
    for changes, path in (
        ({"mode": "allow", "allowed": [{"source": "127.0.0.1"}]}, "allowed"),
        ({"mode": "allow", "allowed": [{"source": "10.0.0.1", "ports": "22"}]}, "allowed"),
        ({"mode": "block", "blocked": [{"source": "0.0.0.0/0"}]}, "blocked"),
        ({"mode": "allow"}, "mode"),
    ):
        with pytest.raises(BusError) as caught:
            await lab.set(web, "firewall", **changes)
        assert [field["path"] for field in caught.value.fields] == [path]
    assert lab.store.raw("firewall")["mode"] == "off"
    await lab.set(web, "firewall", mode="allow", allowed=[{"source": "10.0.0.1", "ports": "8443"}])
    with pytest.raises(BusError) as caught:
        await lab.set(web, "web", https_port=9443)
    assert [field["path"] for field in caught.value.fields] == ["https_port"]


async def test_the_preview_says_who_would_be_cut_off(lab: SecurityLab) -> None:
    web = await lab.peer()
    lab.security.firewall._card = lambda address: {"192.168.7.8": "00:1A:2B:3C:4D:5E"}.get(address)
    callers = [
        {"name": "ann", "address": "10.0.0.5"},
        {"name": "bob", "address": "192.168.7.7"},
        {"name": "cyd", "address": "192.168.7.8"},
        {"name": "dan", "address": "127.0.0.1"},
    ]
    entries = [{"source": "10.0.0.0/24"}, {"source": "001a2b3c4d5e"}]
    params = {"values": {"mode": "allow", "allowed": entries}, "callers": callers,
              "address": "192.168.7.7"}  # fmt: skip
    told = await web.request("firewall.preview", params)
    assert told == {"cut_off": [{"name": "bob", "address": "192.168.7.7"}], "you": True}
    assert lab.store.raw("firewall")["mode"] == "off"
    wrong = {**params, "values": {"mode": "allow", "allowed": [{"source": "x"}]}}
    error = await refused("settings.invalid", web, "firewall.preview", **wrong)
    assert [field["path"] for field in error.fields] == ["allowed.0.source"]


async def test_only_listed_hosts_may_set_the_time(lab: SecurityLab) -> None:
    web = await lab.peer()

    async def may(address: str) -> bool:
        answer = await web.request("firewall.may_set_time", {"address": address})
        return bool(answer["allowed"])

    assert await may("10.0.0.1")
    await lab.set(web, "firewall", time_sync=True, time_servers=[{"source": "10.0.0.0/30"}])
    assert [await may(a) for a in ("10.0.0.1", "10.0.0.9", "127.0.0.1")] == [True, False, True]
    await lab.until(lambda: "sport 123 ip saddr 10.0.0.0-10.0.0.3 accept" in lab.rules())


async def test_rules_that_cannot_be_set_are_told_and_tried_again(
    lab: SecurityLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appliance.helper.host import Finished

    async def broken(*_what: Any) -> Finished:
        return Finished(1, err=b"Error: Could not process rule: Operation not permitted")

    await lab.until(lambda: lab.rules())
    working = lab._system.programs["/usr/sbin/nft"]
    lab._system.programs["/usr/sbin/nft"] = broken
    monkeypatch.setattr("appliance.supervisor.firewall_service.RETRY_S", 0.05)
    web = await lab.peer()
    await lab.set(web, "web", https_port=9443)
    await lab.until(lambda: ("firewall_fault", "firewall") in lab.open_events())
    assert "not permitted" in (await web.request("firewall.get", {}))["fault"]
    lab._system.programs["/usr/sbin/nft"] = working
    await lab.until(lambda: "tcp dport 9443" in lab.rules())
    await lab.until(lambda: ("firewall_fault", "firewall") not in lab.open_events())


async def test_only_faces_may_ask(lab: SecurityLab) -> None:
    recorder = await lab.peer("recorder@1")
    await refused("bus.forbidden", recorder, "firewall.keep")
    await refused("bus.forbidden", recorder, "services.ssh", on=True)
    await refused("bus.forbidden", recorder, "certificates.serve", service="web")
    jobs = await lab.peer("cli")
    await refused("bus.forbidden", jobs, "certificates.serve", service="web")
