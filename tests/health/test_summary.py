"""The health sentence and the reasons behind it, in words (D1-RC-25)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.events.record import EventRecord
from appliance.health.facts import Facts
from appliance.health.register import checks, fixups
from appliance.health.summary import health_of
from appliance.health.ward import Ward

NOW = 1_800_000_000_000

HOST: Any = {
    "cpu_percent": 10.0,
    "cores": 4,
    "memory_total": 8 << 30,
    "memory_available": 4 << 30,
    "temperature_c": 50.0,
    "load": 0.5,
    "uptime_s": 100.0,
}


def channel(number: int, **changes: Any) -> Any:
    base = {
        "id": number,
        "name": f"Camera {number}",
        "enabled": True,
        "mode": "auto",
        "state": "playing",
        "fault": None,
        "recording": True,
        "not_recording": None,
        "kinds": ["general"],
        "armed": ["general"],
        "streams": {"main": {}},
    }
    return {**base, **changes}


def fault(code: str, text: str) -> dict[str, Any]:
    return {"code": code, "text": text, "since": 1_700_000_000_000}


def judge(**changes: Any) -> Any:
    """Let all checks look twice, so far apart that whatever lasts is told."""
    given: dict[str, Any] = {
        "now": NOW,
        "host": HOST,
        "free_state_bytes": 10 << 30,
        "incoming": {"bps": 8_000_000, "limit_bps": 320_000_000, "exceeded": False},
        **changes,
    }
    power_w = given.pop("power_w", None)
    facts, ward = Facts(**given), Ward(checks())
    ward.turn(facts)
    found = ward.turn(replace(facts, now_s=700.0))
    return health_of(facts, found, {}, fixups(), power_w)


def test_all_well_is_said_with_numbers() -> None:
    volumes: Any = [{"name": "A", "state": "ok", "retention_days": 21.9, "wanted_days": 14.0}]
    health = judge(channels=[channel(1), channel(2)], volumes=volumes)
    assert health == {
        "level": "ok",
        "sentence": "2 of 2 recording · 21 days kept · all well",
        "items": [],
        "aside": [],
    }


def test_cameras_that_send_more_than_the_limit_are_told_with_where_to_mend_it() -> None:
    incoming = {"bps": 16_000_000, "limit_bps": 2_000_000, "exceeded": True}
    health = judge(channels=[channel(1)], incoming=incoming)
    [item] = health["items"]
    assert (item["level"], item["what"], item["code"]) == (
        "warning",
        "settings",
        "bandwidth_exceeded",
    )
    assert "send 16 Mbit/s; the limit is 2 Mbit/s" in health["sentence"]


@pytest.mark.parametrize(
    ("days", "told"),
    [(0.1, "less than a day kept"), (1.9, "1 day kept"), (2.0, "2 days kept")],
)
def test_little_footage_is_told_in_plain_words(days: float, told: str) -> None:
    volumes: Any = [{"name": "A", "state": "ok", "retention_days": days, "wanted_days": None}]
    assert told in judge(channels=[channel(1)], volumes=volumes)["sentence"].split(" · ")


def test_empty_box_says_what_is_missing() -> None:
    assert judge()["sentence"] == "no cameras yet · all well"
    health = judge(volumes_set_up=0)
    assert health["level"] == "error"
    assert health["sentence"].startswith("no cameras yet · There is no volume to record to.")


def test_dark_channel_is_named_with_its_reason() -> None:
    """D2-FQ-17."""
    dark = channel(
        3,
        name="Back door",
        state="refused",
        recording=False,
        fault=fault("password_refused", "The camera refused the password."),
        not_recording=fault("no_video", "Not recorded: the camera sends no picture."),
    )
    health = judge(channels=[channel(1), dark])
    assert health["sentence"] == (
        "1 of 2 recording · D3 Back door: The camera refused the password."
    )
    assert [(item["code"], item["id"]) for item in health["items"]] == [("password_refused", 3)]


def test_no_video_on_all_channels_points_to_what_they_share() -> None:
    """D2-FQ-04."""
    silent = fault("unreachable", "It cannot be reached.")
    health = judge(
        channels=[channel(n, state="waiting", recording=False, fault=silent) for n in (1, 2)]
    )
    assert health["items"][0]["code"] == "all_cameras_dark"
    assert "switch" in health["items"][0]["text"]


def test_missing_local_records_have_a_reason_per_channel() -> None:
    """D2-FQ-05."""
    slow = fault("overload", "Not recorded: the disk is too slow for all channels at once.")
    health = judge(
        channels=[
            channel(1, recording=False, not_recording=slow),
            channel(2, recording=False, mode="off"),
        ]
    )
    assert [(i["level"], i["code"]) for i in health["items"]] == [
        ("error", "overload"),
        ("info", "mode_off"),
    ]
    assert health["sentence"].startswith("0 of 1 recording · D1 Camera 1: Not recorded")


def test_one_missing_disk_is_one_item_that_names_the_cameras() -> None:
    gone = fault("volume_missing", "Volume A is missing.")
    lost = {"recording": False, "not_recording": gone}
    volumes: Any = [{"name": "A", "state": "missing", "fault": gone}]
    health = judge(channels=[channel(1, **lost), channel(2, **lost)], volumes=volumes)
    [item] = health["items"]
    assert (item["level"], item["what"], item["code"]) == ("error", "volume", "volume_missing")
    assert item["text"] == "Volume A is missing. Not recorded: D1 Camera 1, D2 Camera 2."
    assert health["sentence"] == f"0 of 2 recording · {item['text']}"


def test_a_reason_that_many_cameras_share_is_told_once() -> None:
    slow = fault("overload", "Not recorded: the disk is too slow.")
    late = {**slow, "since": slow["since"] + 5}
    channels = [
        channel(n, name=f"C{n}", recording=False, not_recording=late if n == 1 else slow)
        for n in range(1, 12)
    ]
    [item] = judge(channels=channels)["items"]
    named = ", ".join(f"D{n} C{n}" for n in range(1, 9))
    assert item["text"] == f"{named} and 3 more: Not recorded: the disk is too slow."
    assert (item["id"], item["since"]) == (None, slow["since"])


def test_distorted_picture_is_told_from_the_losses_of_the_last_minute() -> None:
    """D2-FQ-06."""
    health = judge(channels=[channel(1)], damage=lambda _channel, _stream: (0.034, 12))
    assert health["level"] == "warning"
    assert "3.4 % of it is lost" in health["items"][0]["text"]


def test_what_would_be_better_at_a_camera_is_an_advice_and_no_fault() -> None:
    """Pain 11."""
    long = fault("gop_long", "The camera sends a key frame only every 10 s.")
    health = judge(channels=[channel(4, streams={"main": {"advice": long}, "sub": {}})])
    assert health["level"] == "ok"
    assert health["sentence"].endswith("all well")
    [item] = health["items"]
    assert (item["level"], item["code"], item["id"]) == ("info", "gop_long", 4)
    assert item["text"] == "D4 Camera 4: The camera sends a key frame only every 10 s."


def test_a_volume_that_deletes_nothing_by_age_says_why() -> None:
    jumped = fault("time_jump", "The clock is +365.0 days from where it should be.")
    volumes: Any = [{"name": "A", "state": "ok", "expiry_paused": jumped}]
    health = judge(volumes=volumes)
    assert [(i["level"], i["code"]) for i in health["items"]] == [("warning", "time_jump")]


def test_volume_process_and_computer_have_their_say() -> None:
    volumes: Any = [
        {"name": "A", "state": "read_only", "fault": fault("volume_read_only", "A is read-only.")},
        {"name": "B", "state": "ok", "retention_days": 3.2, "wanted_days": 7.0},
    ]
    processes: Any = [
        {
            "name": "web",
            "state": "waiting",
            "last_reason": "it ended with code 1",
            "retry_s": 4.2,
            "since": 1,
            "restarts": 1,
            "rss": None,
            "pid": None,
        }
    ]
    host = {**HOST, "temperature_c": 91.0, "memory_available": 1 << 20}
    health = judge(volumes=volumes, processes=processes, host=host, free_state_bytes=5 << 20)
    assert [item["code"] for item in health["items"]] == [
        "volume_read_only",
        "process_down",
        "system_disk_full",
        "retention_low",
        "hot",
        "memory",
    ]
    assert health["sentence"].endswith("6 problems")
    assert "it ended with code 1" in health["items"][1]["text"]


def test_watts_stand_in_the_sentence_where_the_box_has_poe() -> None:
    health = judge(channels=[channel(1)], power_w=(60.6, 130.0))
    assert "61 of 130 W" in health["sentence"].split(" · ")


def test_what_is_wrong_with_the_board_is_a_problem_of_the_box() -> None:
    details = {"port": 3, "reason": "There is a short circuit in the cable or the camera."}
    event = EventRecord(1, "poe_fault", "port 3", None, "poe", 1, None, 0, details)
    health = judge(channels=[channel(1)], events=[event])
    assert health["level"] == "error"
    [item] = health["items"]
    assert (item["what"], item["id"], item["code"]) == ("board", 3, "poe_fault")
    assert [fix["slug"] for fix in item["fixes"]] == ["cycle_port"]
    assert health["sentence"].endswith("Port 3 is switched off. " + details["reason"])
