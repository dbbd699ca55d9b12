"""Tags in the API: marked, found, renamed, deleted; news of them in the feed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.bus.errors import BusError

ONE, TWO = f"{1:032x}", f"{2:032x}"


def asked(box: Any, method: str) -> list[dict[str, Any]]:
    return [params for name, params in box.asked if name == method]


async def test_a_tag_is_marked_in_the_name_of_whoever_does_it(page_as: Any, box: Any) -> None:
    anna = page_as(User("anna", GRANTABLE))
    body = {"channel": 2, "at": 5_000, "name": "货车"}
    status, answer = await anna.ask("POST", "/api/v1/tags", body)
    assert status == 201, answer
    assert (answer["channel"], answer["at"], answer["name"]) == (2, 5_000, "货车")
    assert asked(box, "tags.add") == [{**body, "author": "anna"}]
    assert "revision" not in answer


async def test_filters_are_handed_on_with_the_channels_a_person_may_see(
    page_as: Any, box: Any
) -> None:
    guard = page_as(User("guard", frozenset({Permission.PLAYBACK}), frozenset({1, 2})))
    await guard.ask("GET", "/api/v1/tags?channels=2,3&from=1&to=9&name=van&after=&limit=5")
    await guard.ask("GET", "/api/v1/tags")
    assert asked(box, "tags.query") == [
        {"channels": [2], "start": 1, "end": 9, "name": "van", "after": "", "limit": 5},
        {"channels": [1, 2], "limit": 100},
    ]
    assert await guard.ask("GET", "/api/v1/tags?channels=3") == (200, {"tags": [], "next": None})


async def test_who_only_plays_back_sees_tags_and_changes_none(page_as: Any, box: Any) -> None:
    guard = page_as(User("guard", frozenset({Permission.PLAYBACK})))
    assert (await guard.ask("GET", "/api/v1/tags"))[0] == 200
    body = {"channel": 1, "at": 1, "name": "a"}
    assert (await guard.ask("POST", "/api/v1/tags", body))[0] == 403
    assert (await guard.ask("PATCH", f"/api/v1/tags/{ONE}", {"name": "b"}))[0] == 403
    assert (await guard.ask("POST", "/api/v1/tags/delete", {"ids": [ONE]}))[0] == 403
    assert not asked(box, "tags.add") + asked(box, "tags.rename") + asked(box, "tags.delete")


async def test_of_many_tags_none_is_deleted_if_one_is_of_another_channel(
    page_as: Any, box: Any
) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1})))
    status, _answer = await guard.ask("POST", "/api/v1/tags/delete", {"ids": [ONE, TWO]})
    assert status == 403
    assert asked(box, "tags.delete") == []
    status, answer = await guard.ask("POST", "/api/v1/tags/delete", {"ids": [ONE]})
    assert (status, answer) == (200, {"deleted": 1})
    assert asked(box, "tags.delete") == [{"ids": [ONE], "by": "guard@127.0.0.1"}]


async def test_a_rename_tells_who_did_it(page_as: Any, box: Any) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1})))
    status, answer = await guard.ask("PATCH", f"/api/v1/tags/{ONE}", {"name": "b"})
    assert (status, answer["name"], answer["gone"]) == (200, "b", None)
    told = {"id": ONE, "name": "b", "by": "guard@127.0.0.1"}
    assert asked(box, "tags.rename") == [told]


async def test_a_tag_that_is_gone_is_told_so(admin: Any, box: Any) -> None:
    box.answer("tags.get", {"tags": []})
    for method, path, body in (
        ("PATCH", f"/api/v1/tags/{ONE}", {"name": "b"}),
        ("GET", f"/api/v1/tags/{ONE}/play", None),
    ):
        status, answer = await admin.ask(method, path, body)
        assert (status, answer["code"]) == (404, "tags.no_tag")
    status, answer = await admin.ask("POST", "/api/v1/tags/delete", {"ids": [ONE]})
    assert (status, answer) == (200, {"deleted": 0})


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/api/v1/tags", {"channel": 1, "at": 1}, "name"),
        ("POST", "/api/v1/tags", {"channel": 0, "at": 1, "name": "a"}, "channel"),
        ("POST", "/api/v1/tags", {"channel": 99, "at": 1, "name": "a"}, "channel"),
        ("POST", "/api/v1/tags", {"channel": 1, "at": -1, "name": "a"}, "at"),
        ("POST", "/api/v1/tags/delete", {"ids": []}, "ids"),
        ("POST", "/api/v1/tags/delete", {"ids": ["../x"]}, "ids"),
        ("GET", "/api/v1/tags?limit=0", None, "limit"),
        ("GET", "/api/v1/tags?from=x", None, "from"),
        ("GET", f"/api/v1/tags?name={'x' * 65}", None, "name"),
        ("GET", f"/api/v1/tags/{ONE}/play?before=61", None, "before"),
        ("GET", f"/api/v1/tags/{ONE}/play?before=-1", None, "before"),
        ("GET", "/api/v1/recordings", None, "channels"),
        ("GET", "/api/v1/recordings?channels=1&from=5&to=5", None, "to"),
        ("GET", "/api/v1/recordings?channels=1&kinds=x", None, "kinds"),
        ("GET", "/api/v1/recordings?channels=1&stream=x", None, "stream"),
        ("GET", "/api/v1/recordings?channels=1&after=x", None, "after"),
        ("GET", "/api/v1/recordings?channels=1&after=1:1:main:x:a", None, "after"),
    ],
)
async def test_what_is_wrong_is_named(
    admin: Any, box: Any, method: str, path: str, body: Any, field: str
) -> None:
    status, answer = await admin.ask(method, path, body)
    assert status == 422, answer
    assert [entry["path"].split(".")[0] for entry in answer["fields"]] == [field]
    assert answer["text"]


async def test_words_of_the_supervisor_reach_the_person(admin: Any, box: Any) -> None:
    fields = [{"path": "name", "code": "tags.bad_name", "text": "Too long."}]
    box.answer("tags.add", BusError("tags.bad_name", "Too long.", fields=fields))
    body = {"channel": 1, "at": 1, "name": "x" * 65}
    status, answer = await admin.ask("POST", "/api/v1/tags", body)
    assert (status, answer["fields"]) == (422, fields)
    box.answer("tags.add", BusError("tags.full", "Full."))
    assert (await admin.ask("POST", "/api/v1/tags", body))[0] == 409
    box.answer("tags.add", BusError("tags.not_stored", "The disk is full."))
    assert (await admin.ask("POST", "/api/v1/tags", body))[0] == 507


async def test_an_id_of_another_form_is_nothing(admin: Any, box: Any) -> None:
    for tag_id in ("1", "G" * 32, "0" * 33, "a%20b"):
        assert (await admin.ask("PATCH", f"/api/v1/tags/{tag_id}", {"name": "a"}))[0] == 404


async def test_the_feed_tells_of_changed_tags_to_whoever_may_see_the_channel(
    page_as: Any, box: Any
) -> None:
    guard = page_as(User("guard", GRANTABLE, frozenset({1, 3})))
    async with guard.client.ws_connect("/api/v1/feed") as socket:
        async with asyncio.timeout(5):
            while (await socket.receive_json())["topic"] != "channel":
                continue
            box.server.publish("tags.changed", {"serial": 1, "channels": [2]})
            box.server.publish("tags.changed", {"serial": 2, "channels": [2, 3]})
            while (message := await socket.receive_json())["topic"] != "tags":
                continue
        assert message["payload"] == {"channels": [3]}
