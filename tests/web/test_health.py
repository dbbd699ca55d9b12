"""The health of the box over HTTP: what may be known, pressed and put aside, and what is noted."""

from __future__ import annotations

from typing import Any

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.bus.errors import BusError

WEB = "0000000000fe"


def noted(box: Any, kind: str) -> list[dict[str, Any]]:
    return [params["details"] for method, params in box.asked
            if method == "events.raise" and params["kind"] == kind]  # fmt: skip


async def test_findings_of_channels_that_are_not_theirs_are_left_out(
    page_as: Any, box: Any
) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1, 3})))
    status, health = await guard.ask("GET", "/api/v1/health")
    assert status == 200
    assert [item["text"] for item in health["items"]] == ["No disk.", "Web is down"]
    assert health["items"][0]["channels"] == [1]
    assert health["aside"] == []
    assert health["sentence"] == "No disk."


async def test_a_finding_about_several_channels_is_told_without_names_to_who_sees_none(
    page_as: Any, box: Any
) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({3})))
    health = (await guard.ask("GET", "/api/v1/health"))[1]
    assert [(item["text"], item["channels"]) for item in health["items"]] == [
        ("No disk.", []), ("Web is down", []),
    ]  # fmt: skip


async def test_a_button_needs_its_own_right_and_is_noted(page_as: Any, box: Any) -> None:
    watcher = page_as(User("watcher", frozenset({Permission.STATUS})))
    path = f"/api/v1/health/{WEB}/fix"
    status, answer = await watcher.ask("POST", path, {"fix": "restart_process"})
    assert (status, answer["code"]) == (403, "not_allowed")
    assert "health.fix" not in [method for method, _params in box.asked]
    keeper = page_as(User("keeper", frozenset({Permission.STATUS, Permission.MAINTAIN})))
    status, answer = await keeper.ask("POST", path, {"fix": "restart_process"})
    assert (status, answer) == (200, {"finding": "Web is down"})
    [details] = noted(box, "health_fixed")
    assert (details["actor"], details["fix"]) == ("keeper", "Start it again")


async def test_a_finding_of_another_channel_cannot_be_touched(page_as: Any, box: Any) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1, 3})))
    hidden = f"{len('Vault is gone'):012x}"
    for act, body in (("fix", {"fix": "x"}), ("snooze", {"hours": 1, "reason": "why"}),
                      ("wake", {})):  # fmt: skip
        status, answer = await guard.ask("POST", f"/api/v1/health/{hidden}/{act}", body)
        assert (status, answer["code"]) == (404, "not_found")


async def test_putting_aside_is_noted_with_its_reason(page_as: Any, box: Any) -> None:
    keeper = page_as(User("keeper", frozenset({Permission.STATUS, Permission.MAINTAIN})))
    body = {"hours": 24, "reason": "  the new fan\ncomes on Monday "}
    assert (await keeper.ask("POST", f"/api/v1/health/{WEB}/snooze", body))[0] == 204
    [details] = noted(box, "health_snoozed")
    assert (details["hours"], details["reason"]) == (24, "the new fan comes on Monday")
    assert (await keeper.ask("POST", f"/api/v1/health/{WEB}/wake", {}))[0] == 204
    assert noted(box, "health_woken")[0]["finding"] == "Web is down"


async def test_what_is_refused_names_its_fields_and_is_not_noted(page_as: Any, box: Any) -> None:
    fields = [{"path": "reason", "code": "length", "text": "Say why."}]
    box.answer("health.snooze", BusError("health.invalid", "Say why.", fields=fields))
    keeper = page_as(User("keeper", frozenset({Permission.STATUS, Permission.MAINTAIN})))
    status, answer = await keeper.ask(
        "POST", f"/api/v1/health/{WEB}/snooze", {"hours": 1, "reason": ""}
    )
    assert status == 422
    assert answer["fields"][0]["path"] == "reason"
    assert noted(box, "health_snoozed") == []


async def test_the_wizard_is_for_who_may_change_the_settings(page_as: Any, box: Any) -> None:
    owner = page_as(User("owner", frozenset({Permission.SYSTEM})))
    assert (await owner.ask("GET", "/api/v1/wizard"))[0] == 200
    mark = await owner.ask("POST", "/api/v1/wizard/steps/time", {"state": "done"})
    assert mark[0] == 200
    assert box.asked[-1] == ("wizard.mark", {"step": "time", "state": "done"})
    status, answer = await owner.ask("POST", "/api/v1/wizard/steps/time", {"state": "gone"})
    assert (status, answer["fields"][0]["path"]) == (422, "state")
    box.answer("wizard.mark", BusError("wizard.no_step", "There is no such step of the set-up."))
    status, answer = await owner.ask("POST", "/api/v1/wizard/steps/tea", {"state": "done"})
    assert status == 404
    viewer = page_as(User("viewer", frozenset({Permission.STATUS})))
    assert (await viewer.ask("GET", "/api/v1/wizard"))[0] == 403
