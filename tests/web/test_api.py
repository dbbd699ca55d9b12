"""Settings, channels, events, status, locks and camera test over the API."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.accounts.permission import Permission, User
from appliance.bus.errors import BusError
from appliance.settings.registry import PAGES
from appliance.web.api.camera_test import PROBER
from appliance.web.api.incoming import MEASURED
from appliance.web.box_state import BOX
from appliance.web.probing.runner import TooManyTestsError


async def until_known(app: Any) -> None:
    await app[BOX].channels()


async def test_the_tree_of_pages_has_forms_and_only_what_one_may_see(
    admin: Any, page_as: Any, box: Any
) -> None:
    status, answer = await admin.ask("GET", "/api/v1/settings")
    assert status == 200
    assert [page["page"] for page in answer["pages"]] == list(PAGES)
    operator = page_as(User("operator", frozenset({Permission.STORAGE})))
    _status, answer = await operator.ask("GET", "/api/v1/settings")
    assert [page["page"] for page in answer["pages"]] == ["storage"]


async def test_a_page_comes_with_values_etag_schema_and_form(admin: Any, box: Any) -> None:
    async with admin.client.get("/api/v1/settings/channels") as response:
        answer = await response.json()
        assert response.headers["ETag"] == '"abc"'
    assert answer["values"]["items"][1]["name"] == "Vault"
    assert answer["values"]["items"][1]["password"] == {"set": True}
    assert answer["ui"]["collection"]["item_title"] == "Channel"
    assert "incoming_limit_mbps" in answer["schema"]["properties"]


async def test_a_change_goes_to_the_supervisor_with_who_and_what_was_seen(
    admin: Any, box: Any
) -> None:
    status, _answer = await admin.ask(
        "PATCH", "/api/v1/settings/channels/2", {"name": "Safe"}, If_Match='"i2"'
    )
    assert status == 200
    assert box.asked[-1] == (
        "settings.patch",
        {"page": "channels", "item": 2, "changes": {"name": "Safe"},
         "actor": "admin@127.0.0.1", "etag": "i2"},
    )  # fmt: skip


async def test_entries_are_added_copied_and_removed(admin: Any, box: Any) -> None:
    status, answer = await admin.ask("POST", "/api/v1/settings/channels", {"name": "New"})
    assert (status, answer["id"]) == (201, 4)
    assert box.asked[-1][1]["values"] == {"name": "New"}
    status, _answer = await admin.ask("POST", "/api/v1/settings/record/1/copy", {"to": [2, 3]})
    assert status == 200
    assert box.asked[-1][1]["to"] == [2, 3]
    status, _answer = await admin.ask("DELETE", "/api/v1/settings/channels/4")
    assert status == 200
    assert box.asked[-1][1] == {"page": "channels", "item": 4, "actor": "admin@127.0.0.1"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BusError("settings.stale", "Somebody else has changed this."), 412),
        (BusError("settings.no_item", "There is no channel 9."), 404),
        (BusError("settings.full", "There are 64 already."), 409),
        (BusError("settings.not_saved", "No space left."), 507),
        (BusError("bus.busy", "Too many."), 503),
        (BusError("bus.failed", "Failed inside."), 500),
    ],
)
async def test_a_refusal_of_the_supervisor_keeps_its_code_and_words(
    admin: Any, box: Any, error: BusError, status: int
) -> None:
    box.answer("settings.patch", error)
    found, answer = await admin.ask("PATCH", "/api/v1/settings/channels/2", {"name": "x"})
    assert found == status
    assert answer["code"] == error.code
    assert status == 503 or answer["text"] == error.text


async def test_every_wrong_field_of_a_change_is_told_at_once(admin: Any, box: Any) -> None:
    fields = [{"path": "name", "code": "too_long", "text": "at most 63 characters"},
              {"path": "priority", "code": "too_large", "text": "must be at most 9"}]  # fmt: skip
    box.answer("settings.patch", BusError("settings.invalid", "2 fields are wrong", fields=fields))
    status, answer = await admin.ask("PATCH", "/api/v1/settings/channels/2", {"name": "x"})
    assert (status, answer["code"], answer["fields"]) == (422, "settings.invalid", fields)


@pytest.mark.parametrize("body", ["[]", '"x"', "1", "null"])
async def test_a_change_that_is_no_object_is_refused(admin: Any, box: Any, body: str) -> None:
    headers = {"Content-Type": "application/json", "X-CSRF-Token": admin.csrf}
    async with admin.client.patch("/api/v1/settings/general", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == "bad_json"


async def test_channels_have_their_state_and_say_when_it_is_not_known(
    admin: Any, box: Any, app: Any, clock: Any
) -> None:
    _status, channels = await admin.ask("GET", "/api/v1/channels")
    assert [channel["name"] for channel in channels] == ["Front door", "Vault", "Yard"]
    assert channels[0]["state"] == "unknown"
    assert channels[0]["fault"]["code"] == "recorder_away"
    app[BOX]._on_channels({"channels": [
        {"id": 1, "state": "playing", "fault": None, "recording": True, "kinds": ["general"],
         "last_frame_utc": 5, "streams": {"main": {"codec": "h264"}}, "name": "old name"},
    ]})  # fmt: skip
    _status, channels = await admin.ask("GET", "/api/v1/channels")
    assert channels[0]["state"] == "playing"
    assert channels[0]["name"] == "Front door"
    assert channels[0]["streams"]["main"]["codec"] == "h264"
    clock.now += 6
    _status, channels = await admin.ask("GET", "/api/v1/channels")
    assert channels[0]["state"] == "unknown"
    assert channels[0]["last_frame_utc"] == 5


async def test_channels_never_carry_addresses_or_passwords(admin: Any, box: Any) -> None:
    _status, channels = await admin.ask("GET", "/api/v1/channels")
    assert not {"password", "username", "main_url", "sub_url"} & set(channels[0])


async def test_channels_stay_known_while_the_supervisor_is_away(
    admin: Any, box: Any, app: Any
) -> None:
    await until_known(app)
    await box.stop()
    status, channels = await admin.ask("GET", "/api/v1/channels")
    assert status == 200
    assert len(channels) == 3
    status, answer = await admin.ask("GET", "/api/v1/status")
    assert (status, answer["code"]) == (503, "supervisor_away")


async def test_trying_a_camera_again_reaches_its_recorder_or_says_why_not(
    admin: Any, box: Any
) -> None:
    status, answer = await admin.ask("POST", "/api/v1/channels/2/retry")
    assert (status, answer["code"]) == (503, "recorder_away")
    status, answer = await admin.ask("POST", "/api/v1/channels/9/retry")
    assert (status, answer["code"]) == (404, "not_found")


async def test_events_are_filtered_by_what_was_asked(admin: Any, box: Any) -> None:
    status, answer = await admin.ask(
        "GET", "/api/v1/events?channels=1,2&severities=error&from=5&to=9&open=true&limit=10"
    )
    assert status == 200
    assert [event["channel"] for event in answer["events"]] == [2, 1]
    assert box.asked[-1] == (
        "events.query",
        {"channels": [1, 2], "severities": ["error"], "start": 5, "end": 9, "open": True,
         "limit": 10},
    )  # fmt: skip


async def test_every_wrong_filter_is_told_at_once(admin: Any, box: Any) -> None:
    status, answer = await admin.ask("GET", "/api/v1/events?limit=0&from=x&severities=bad&what=1")
    assert (status, answer["code"]) == (422, "invalid")
    assert {field["path"].partition(".")[0] for field in answer["fields"]} == {
        "limit", "from", "severities", "what",
    }  # fmt: skip


async def test_a_lock_without_a_recorder_says_so(admin: Any, box: Any) -> None:
    body = {"channel": 1, "from": 1, "to": 2, "locked": True}
    status, answer = await admin.ask("POST", "/api/v1/locks", body)
    assert (status, answer["code"]) == (503, "recorder_away")
    status, answer = await admin.ask("POST", "/api/v1/locks", {**body, "to": 1})
    assert (status, answer["code"]) == (422, "invalid")


async def test_a_clock_cannot_be_confirmed_to_recorders_that_are_away(admin: Any, box: Any) -> None:
    status, answer = await admin.ask("POST", "/api/v1/clock/accept", {})
    assert (status, answer["code"]) == (503, "recorder_away")


def load(box: Any, *mbps_of_channels: float, limit: int) -> None:
    """The cameras send so much, three quarters of it in their main streams."""
    channels = [
        {"id": number, "streams": {"main": {"bitrate_bps": rate * 7.5e5},
                                   "sub": {"bitrate_bps": rate * 2.5e5}}}
        for number, rate in enumerate(mbps_of_channels, 1)
    ]  # fmt: skip
    incoming = {"bps": round(sum(mbps_of_channels) * 1e6), "limit_bps": limit * 1_000_000}
    box.answer("status.get", {"channels": channels, "incoming": incoming})


NEW = {"main_url": "rtsp://10.0.0.9/main", "sub_url": ""}


async def test_adding_a_camera_beyond_the_incoming_limit_warns_beside_what_was_saved(
    admin: Any, box: Any
) -> None:
    load(box, 8, 8, 8, limit=28)
    status, answer = await admin.ask("POST", "/api/v1/settings/channels", NEW)
    assert (status, answer["id"]) == (201, 4)
    [warning] = answer["warnings"]
    assert (warning["path"], warning["code"]) == ("main_url", "bandwidth_exceeded")
    assert "about 6 Mbit/s and the others 24 Mbit/s" in warning["text"]
    assert "limit of 28 Mbit/s" in warning["text"]
    load(box, 8, 8, 8, limit=32)
    _status, answer = await admin.ask("POST", "/api/v1/settings/channels", NEW)
    assert answer["warnings"] == []


async def test_a_changed_stream_counts_in_the_place_of_what_it_sent(
    admin: Any, box: Any, app: Any
) -> None:
    url = "rtsp://10.0.0.2/high"
    items = [{"id": 2, "name": "Vault", "enabled": True, "main_url": url, "sub_url": "rtsp://a/s"}]
    page = {"page": "channels", "version": 7, "etag": "abc", "item_etags": {"2": "i2"}}
    box.answer("settings.patch", {**page, "values": {"items": items}})
    load(box, 8, 8, 8, limit=28)
    change = "PATCH", "/api/v1/settings/channels/2"
    _status, answer = await admin.ask(*change, {"main_url": url})
    assert answer["warnings"] == []
    app[MEASURED].note(url, 12_000_000)
    _status, answer = await admin.ask(*change, {"main_url": url})
    assert "about 14 Mbit/s and the others 16 Mbit/s" in answer["warnings"][0]["text"]
    _status, answer = await admin.ask(*change, {"name": "Safe"})
    assert answer["warnings"] == []


async def test_a_limit_below_what_comes_in_is_told(admin: Any, box: Any) -> None:
    load(box, 8, 8, limit=320)
    change = "PATCH", "/api/v1/settings/channels"
    _status, answer = await admin.ask(*change, {"incoming_limit_mbps": 2})
    [warning] = answer["warnings"]
    assert warning["path"] == "incoming_limit_mbps"
    assert "send 16 Mbit/s already" in warning["text"]


async def test_a_camera_is_saved_though_nobody_knows_what_comes_in(admin: Any, box: Any) -> None:
    box.answer("status.get", BusError("bus.failed", "Failed inside."))
    status, answer = await admin.ask("POST", "/api/v1/settings/channels", NEW)
    assert (status, answer["warnings"]) == (201, [])


async def test_a_camera_test_tells_the_bit_rate_against_what_is_left(
    admin: Any, box: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(_config: Any) -> Any:
        return {"ok": True, "picture": None, "formats": [], "fault": None, "bitrate_bps": 6_000_000}

    monkeypatch.setattr(app[PROBER], "run", run)
    load(box, 8, 8, 8, limit=28)
    test = "POST", "/api/v1/channels/test"
    status, answer = await admin.ask(*test, {"url": NEW["main_url"]})
    assert (status, answer["bitrate_bps"], answer["incoming_bps"]) == (200, 6_000_000, 24_000_000)
    assert "about 6 Mbit/s and the others 24 Mbit/s" in answer["warning"]
    _status, answer = await admin.ask(*test, {"url": NEW["main_url"], "channel": 3})
    assert answer["warning"] is None
    load(box, 1, limit=5)
    _status, answer = await admin.ask("POST", "/api/v1/settings/channels", NEW)
    assert "about 6 Mbit/s and the others 1 Mbit/s" in answer["warnings"][0]["text"]


async def test_a_camera_test_needs_an_address_of_a_known_kind(admin: Any, box: Any) -> None:
    body = {"url": "file:///etc/passwd"}
    status, answer = await admin.ask("POST", "/api/v1/channels/test", body)
    assert (status, answer["fields"][0]["path"]) == (422, "url")


async def test_too_many_camera_tests_at_once_are_refused(
    admin: Any, box: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_config: Any) -> Any:
        raise TooManyTestsError

    monkeypatch.setattr(app[PROBER], "run", full)
    status, answer = await admin.ask("POST", "/api/v1/channels/test", {"url": "rtsp://127.0.0.1/"})
    assert (status, answer["code"]) == (429, "busy")
