"""Each check: what makes it fire and what makes it go away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from appliance.events.record import EventRecord
from appliance.health.facts import (
    AccountFacts,
    CertificateFacts,
    ClockFacts,
    DiskFacts,
    Facts,
    FirmwareFacts,
    Listener,
    LogFacts,
    PlaceFacts,
    PoeFacts,
    SetupFacts,
)
from appliance.health.register import CHECKS, FIXUPS, checks, fixups
from appliance.health.ward import Ward

NOW = 1_800_000_000_000
DAY = 86_400_000
GIB = 1 << 30
FAULT = {"code": "no_answer", "text": "It does not answer.", "since": NOW - 60_000}


def channel(number: int = 1, **changes: Any) -> Any:
    base = {
        "id": number,
        "name": f"C{number}",
        "enabled": True,
        "mode": "auto",
        "state": "playing",
        "fault": None,
        "recording": True,
        "not_recording": None,
        "streams": {"main": {}},
    }
    return {**base, **changes}


def process(name: str = "web", **changes: Any) -> Any:
    base = {
        "name": name, "state": "running", "pid": 7, "since": NOW, "restarts": 0,
        "last_reason": "it ended", "retry_s": 0.0, "adopted": False, "rss": 50 << 20,
        "cpu": 0.0, "progress": {}, "dropped": 0,
    }  # fmt: skip
    return {**base, **changes}


def host(**changes: Any) -> Any:
    return {"memory_total": 8 * GIB, "memory_available": 4 * GIB, "temperature_c": 50.0, **changes}


def volume(**changes: Any) -> Any:
    return {"name": "A", "path": "/a", "state": "ok", **changes}


def incoming(*, exceeded: bool) -> Any:
    return {"bps": 16_000_000, "limit_bps": 2_000_000, "exceeded": exceeded}


def event(kind: str, **details: Any) -> EventRecord:
    return EventRecord(1, kind, "k", None, "poe", NOW, None, 0, details)


DARK = channel(state="waiting", fault=FAULT, recording=False)
SLOW = {"code": "overload", "text": "Not recorded: the disk is too slow.", "since": NOW}
GONE = {"code": "volume_missing", "text": "Volume A is missing.", "since": NOW}
JUMP = {"code": "time_jump", "text": "The clock is wrong by a year.", "since": NOW}
LONG = {"code": "gop_long", "text": "A key frame only every 10 s.", "since": NOW}


@dataclass(frozen=True)
class Case:
    """Facts in which a check finds `code`, and facts in which that is over."""

    check: str
    code: str
    fires: dict[str, Any]
    over: dict[str, Any]
    level: str = "warning"


CASES = (
    Case("cameras_dark", "all_cameras_dark", {"channels": [DARK, {**DARK, "id": 2}]},
         {"channels": [DARK, channel(2)]}, "error"),
    Case("camera_silent", "no_answer", {"channels": [DARK]}, {"channels": [channel()]}, "error"),
    Case("camera_silent", "password_refused",
         {"channels": [{**DARK, "fault": {**FAULT, "code": "password_refused"}}]},
         {"channels": [{**DARK, "enabled": False}]}, "error"),
    Case("camera_mode", "mode_off", {"channels": [channel(mode="off")]},
         {"channels": [channel()]}, "info"),
    Case("camera_damage", "damaged", {"channels": [channel()], "damage": lambda _c, _s: (0.03, 9)},
         {"channels": [channel()], "damage": lambda _c, _s: (0.0005, 9)}),
    Case("camera_advice", "gop_long", {"channels": [channel(streams={"main": {"advice": LONG}})]},
         {"channels": [channel()]}, "info"),
    Case("camera_password", "camera_password_weak",
         {"channels": [channel(3)], "weak_cameras": (3,)},
         {"channels": [channel(3)], "weak_cameras": (4,)}, "info"),
    Case("not_recording", "overload", {"channels": [channel(recording=False, not_recording=SLOW)]},
         {"channels": [channel()]}, "error"),
    Case("volume_fault", "volume_missing", {"volumes": [volume(state="missing", fault=GONE)]},
         {"volumes": [volume()]}, "error"),
    Case("volume_fault", "disk_slow",
         {"volumes": [volume(state="slow", fault={**GONE, "code": "disk_slow"})]},
         {"volumes": [volume()]}),
    Case("volume_fault", "no_volume", {"volumes_set_up": 0}, {"volumes_set_up": 1}, "error"),
    Case("retention", "retention_low", {"volumes": [volume(retention_days=3.0, wanted_days=7.0)]},
         {"volumes": [volume(retention_days=7.0, wanted_days=7.0)]}),
    Case("clock_trust", "time_jump", {"volumes": [volume(expiry_paused=JUMP)]},
         {"volumes": [volume()]}),
    Case("clock_agreement", "clock_battery_apart", {"clock": ClockFacts(rtc_ahead_s=-3600.0)},
         {"clock": ClockFacts(rtc_ahead_s=2.0)}),
    Case("clock_agreement", "clock_server_apart", {"clock": ClockFacts(server_ahead_s=90.0)},
         {"clock": ClockFacts(server_ahead_s=0.01)}),
    Case("clock_agreement", "clock_unsynchronised",
         {"clock": ClockFacts(time_server=True, synchronised=False)},
         {"clock": ClockFacts(time_server=True, synchronised=True)}),
    Case("disk_failing", "disk_failing", {"disks": [DiskFacts("sda", passed=False)]},
         {"disks": [DiskFacts("sda", passed=True)]}, "error"),
    Case("disk_failing", "disk_bad_sectors", {"disks": [DiskFacts("sda", True, bad_sectors=12)]},
         {"disks": [DiskFacts("sda", True, bad_sectors=0)]}),
    Case("disk_failing", "disk_worn", {"disks": [DiskFacts("ssd", True, 0, worn=97)]},
         {"disks": [DiskFacts("ssd", True, 0, worn=20)]}),
    Case("process_down", "process_down", {"processes": [process(state="waiting", retry_s=4.0)]},
         {"processes": [process()]}, "error"),
    Case("incoming", "bandwidth_exceeded", {"incoming": incoming(exceeded=True)},
         {"incoming": incoming(exceeded=False)}),
    Case("heat", "hot", {"host": host(temperature_c=91.0)}, {"host": host()}),
    Case("memory_low", "memory", {"host": host(memory_available=1 << 20)}, {"host": host()}),
    Case("system_disk", "system_disk_full", {"free_state_bytes": 5 << 20},
         {"free_state_bytes": 5 * GIB}, "error"),
    Case("lasting_events", "poe_fault", {"events": [event("poe_fault", port=3)]}, {}, "error"),
    Case("lasting_events", "fan_failed", {"events": [event("fan_failed", reason="It stands.")]}, {},
         "error"),
    Case("lasting_events", "poe_no_power", {"events": [event("poe_no_power", port=3)]}, {}),
    Case("lasting_events", "recording_late", {"events": [event("recording_late", seconds=3)]}, {}),
    Case("poe_budget", "poe_tight", {"poe": PoeFacts(100.0, 97.0)}, {"poe": PoeFacts(100.0, 40.0)},
         "info"),
    Case("certificate", "certificate_ends", {"certificates": [CertificateFacts("c", NOW + DAY)]},
         {"certificates": [CertificateFacts("c", NOW + 300 * DAY)]}),
    Case("certificate", "certificate_ended", {"certificates": [CertificateFacts("c", NOW - DAY)]},
         {"certificates": [CertificateFacts("c", NOW + 300 * DAY)]}, "error"),
    Case("account_password", "password_old",
         {"accounts": AccountFacts(passwords={"ann": NOW // 1000 - 91 * 86_400}, renew_days=90)},
         {"accounts": AccountFacts(passwords={"ann": NOW // 1000 - 9 * 86_400}, renew_days=90)}),
    Case("account_password", "accounts_damaged", {"accounts": AccountFacts(damaged=True)},
         {"accounts": AccountFacts()}, "error"),
    Case("recovery", "no_recovery", {"accounts": AccountFacts(file=False)},
         {"accounts": AccountFacts(file=False, questions=2)}, "info"),
    Case("open_ports", "open_port", {"listeners": [Listener("tcp", 2323, "0.0.0.0", "telnetd")]},
         {"listeners": []}),
    Case("ssh", "ssh_on", {"ssh": True}, {"ssh": False}),
    Case("lasting_events", "network_offline", {"events": [event("network_offline")]}, {},
         "error"),
    Case("firmware", "firmware_old", {"firmware": FirmwareFacts("1.0", built=NOW - 500 * DAY)},
         {"firmware": FirmwareFacts("1.1", built=NOW - DAY)}, "info"),
    Case("firmware", "firmware_old", {"firmware": FirmwareFacts("1.0", NOW, newer="1.1")},
         {"firmware": FirmwareFacts("1.1", NOW)}, "info"),
    Case("time_zone", "zone_unset", {"setup": SetupFacts("UTC", zone_chosen=False)},
         {"setup": SetupFacts("UTC", zone_chosen=True)}, "info"),
    Case("log_chain", "log_broken", {"log": LogFacts(2, NOW)}, {"log": LogFacts(0, NOW)}, "error"),
    Case("places_full", "place_full", {"places": [PlaceFacts("STICK", 32 * GIB, 1 << 20)]},
         {"places": [PlaceFacts("STICK", 32 * GIB, 20 * GIB)]}, "info"),
    Case("outlets", "outlet_failing",
         {"events": [event("delivery_failed", outlet="ping", reason="No answer.")]}, {}),
    Case("settings_mended", "settings_mended", {"mended": ("general.zone is no zone.",)}, {}),
)  # fmt: skip
APART = ("process_restarts", "memory_growth")
"""Checks that look back have tests of their own below."""


def found(ward: Ward, now_s: float, **facts: Any) -> list[Any]:
    return ward.turn(Facts(now=NOW, now_s=now_s, **facts))


def test_every_check_and_fixup_of_the_register_is_there_and_has_a_case() -> None:
    assert [check.slug for check in checks()] == list(CHECKS)
    assert set(fixups()) == set(FIXUPS)
    assert {case.check for case in CASES} | set(APART) == set(CHECKS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}-{case.code}")
def test_a_check_fires_in_words_and_goes_away(case: Case) -> None:
    [check] = [check for check in checks() if check.slug == case.check]
    ward = Ward([check])
    found(ward, 0.0, **case.fires)
    told = found(ward, 700.0, **case.fires)
    [finding] = [finding for finding in told if finding.code == case.code]
    assert finding.level == case.level
    assert finding.text[0].isupper() or finding.text[0] == "“"
    assert finding.text.endswith(".")
    assert "{" not in finding.text + finding.todo
    assert set(finding.fixes) <= set(FIXUPS)
    found(ward, 1400.0, **case.over)
    assert case.code not in [f.code for f in found(ward, 2100.0, **case.over)]


@pytest.mark.parametrize("check", checks(), ids=lambda check: check.slug)
def test_a_check_finds_nothing_where_nothing_is_known(check: Any) -> None:
    assert list(check.look(Facts(now=NOW))) == []


def one(slug: str) -> Ward:
    return Ward([check for check in checks() if check.slug == slug])


def test_a_process_that_starts_again_and_again_is_told_until_it_has_held_for_half_an_hour() -> None:
    ward = one("process_restarts")
    for count in range(4):
        assert found(ward, count * 60.0, processes=[process(restarts=3 + count)]) == []
    [finding] = found(ward, 240.0, processes=[process(restarts=7)])
    assert (finding.code, finding.id) == ("process_restarts", "web")
    assert found(ward, 240.0 + 1700, processes=[process(restarts=7)]) == []


def test_restarts_from_before_the_supervisor_looked_are_not_counted() -> None:
    ward = one("process_restarts")
    assert found(ward, 0.0, processes=[process(restarts=50)]) == []
    assert found(ward, 60.0, processes=[process(restarts=50)]) == []


def memory(shape: Callable[[int], int]) -> list[list[str]]:
    """Return the codes at each hour of half a day of samples a minute."""
    ward, told = one("memory_growth"), []
    for minute in range(12 * 60):
        now = found(ward, minute * 60.0, processes=[process(rss=shape(minute))])
        if minute % 60 == 59:
            told.append([finding.code for finding in now])
    return told


def test_memory_that_grows_hour_by_hour_is_told_after_six_hours() -> None:
    told = memory(lambda minute: (80 << 20) + minute * (1 << 18))
    assert told[:5] == [[]] * 5
    assert told[5] == ["memory_growing"]


@pytest.mark.parametrize("shape", [
    lambda minute: (80 << 20) + (minute % 45) * (4 << 20),  # comes and goes
    lambda minute: (80 << 20) + min(minute, 200) * (1 << 20),  # a cache that fills
    lambda minute: (400 << 20) + minute * (1 << 17),  # little of much
])  # fmt: skip
def test_memory_that_comes_and_goes_or_fills_once_is_not_told(shape: Callable[[int], int]) -> None:
    assert memory(shape)[-6:] == [[]] * 6


def test_memory_of_a_process_that_started_anew_is_judged_anew() -> None:
    ward = one("memory_growth")
    for minute in range(360):
        pid = 7 if minute < 300 else 8
        rss = (80 << 20) + minute * (1 << 20)
        assert found(ward, minute * 60.0, processes=[process(pid=pid, rss=rss)]) == []


def test_a_fault_on_a_powered_port_offers_to_switch_the_port_off_and_on() -> None:
    [finding] = found(one("camera_silent"), 0.0, channels=[DARK],
                      poe=PoeFacts(100.0, 10.0, frozenset({1})))  # fmt: skip
    assert finding.fixes == ("retry_camera", "cycle_port")
    assert "PoE port 1" in finding.todo


def test_a_refused_password_offers_no_further_try() -> None:
    refused = {**DARK, "fault": {**FAULT, "code": "password_refused"}}
    [finding] = found(one("camera_silent"), 0.0, channels=[refused])
    assert finding.fixes == ()


def test_a_fault_that_an_event_tells_of_is_not_told_twice() -> None:
    raised = replace(event("camera_offline"), channel=1)
    [finding] = found(one("camera_silent"), 0.0, channels=[DARK], events=[raised])
    assert finding.told
    assert finding.event == ("camera_offline", "k")


def test_an_alarm_from_outside_is_no_fault_of_the_box() -> None:
    assert found(one("lasting_events"), 0.0, events=[event("alarm_input", input="Door")]) == []


def test_what_many_parts_tell_is_bounded() -> None:
    many = [replace(event("poe_fault", port=n), key=f"port {n}") for n in range(100)]
    assert len(found(one("lasting_events"), 0.0, events=many)) == 16


def test_what_another_part_tells_by_an_event_is_not_told_twice() -> None:
    port = Listener("tcp", 2323, "0.0.0.0", "telnetd")
    events = [event("unknown_listener", port=2323, program="telnetd"), event("ssh_open"),
              event("certificate_ending")]  # fmt: skip
    soon = [CertificateFacts("c", NOW + DAY)]
    for slug, facts in (("open_ports", {"listeners": [port]}), ("ssh", {"ssh": True}),
                        ("certificate", {"certificates": soon})):  # fmt: skip
        assert [finding.told for finding in found(one(slug), 0.0, **facts)] == [False]
        assert [f.told for f in found(one(slug), 0.0, events=events, **facts)] == [True]
    assert found(one("lasting_events"), 0.0, events=events) == []
