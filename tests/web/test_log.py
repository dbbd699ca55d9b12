"""The log's routes: searched, checked, saved as a table, cleared; the processes' lines."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any, ClassVar

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.accounts.rights import user_with
from appliance.web import audit
from appliance.web.api.events import sees_event
from appliance.web.audit import NOTES, flush, viewed
from appliance.web.context import context
from appliance.web.routing import Access, set_access


def entry(number: int, text: str = "bob signed in") -> dict[str, Any]:
    return {
        "id": number, "kind": "signed_in", "type": "account", "type_title": "Accounts",
        "title": "Signed in", "severity": "info", "channel": None, "start": 1_700_000_000_000,
        "text": text, "details": {}, "seq": number,
    }  # fmt: skip


async def test_filters_reach_the_supervisor(admin: Any, supervisor: Any) -> None:
    supervisor.answer("log.query", {"entries": [entry(1)], "next": None})
    status, answer = await admin.ask(
        "GET", "/api/v1/log?types=account,config&from=5&to=9&text=bob&limit=7"
    )
    assert (status, answer["entries"][0]["id"]) == (200, 1)
    assert supervisor.asked[-1][1] == {
        "types": ["account", "config"], "start": 5, "end": 9, "text": "bob", "limit": 7,
    }  # fmt: skip
    status, answer = await admin.ask("GET", "/api/v1/log?types=everything")
    assert (status, answer["fields"][0]["path"].split(".")[0]) == (422, "types")


async def test_table_holds_every_page_and_no_formula(admin: Any, supervisor: Any) -> None:
    pages = {
        None: {"entries": [entry(3, "=1+1"), entry(2)], "next": "5:2"},
        "5:2": {"entries": [entry(1, 'said "hi", left')], "next": None},
    }
    supervisor.answer("log.query", lambda params: pages[params.get("after")])
    supervisor.answer("events.raise", {"id": 1, "new": True})
    response = await admin.client.get("/api/v1/log/table?types=account")
    assert response.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(await response.text())))
    assert [row["number"] for row in rows] == ["3", "2", "1"]
    assert rows[0]["text"] == "'=1+1"
    assert rows[0]["time"] == "2023-11-14T22:13:20.000+00:00"
    assert rows[2]["text"] == 'said "hi", left'
    raised = [params for method, params in supervisor.asked if method == "events.raise"]
    assert raised[-1]["kind"] == "log_exported"


async def test_a_table_is_noted_before_it_is_sent(admin: Any, supervisor: Any) -> None:
    """Whoever breaks off before its end has what came."""
    noted = []

    def pages(params: dict[str, Any]) -> Any:
        if "after" not in params:
            return {"entries": [entry(2)], "next": "5:2"}
        raised = [given["kind"] for name, given in supervisor.asked if name == "events.raise"]
        noted.append("log_exported" in raised)
        return {"entries": [entry(1)], "next": None}

    supervisor.answer("log.query", pages)
    supervisor.answer("events.raise", {"id": 1, "new": True})
    await (await admin.client.get("/api/v1/log/table")).text()
    assert noted == [True]


async def test_who_clears_is_handed_on_and_reading_is_not_enough(
    admin: Any, page_as: Any, supervisor: Any
) -> None:
    supervisor.answer("log.clear", {"count": 4})
    supervisor.answer("log.check", {"whole": True, "entries": 0, "since": None, "broken": []})
    assert (await admin.ask("POST", "/api/v1/log/clear", {}))[1] == {"count": 4}
    assert supervisor.asked[-1][1]["actor"].startswith("admin@")
    reader = page_as(User("reader", frozenset({Permission.LOGS})))
    assert (await reader.ask("GET", "/api/v1/log/check"))[0] == 200
    assert (await reader.ask("POST", "/api/v1/log/clear", {}))[0] == 403


async def test_lines_of_the_processes_are_answered_newest_first(admin: Any, paths: Any) -> None:
    paths.logs.mkdir(parents=True)
    lines = [
        {"time": f"2026-01-01T00:00:0{n}+00:00", "level": level, "process": "web", "text": f"t{n}"}
        for n, level in enumerate(("info", "debug", "warning"))
    ]
    (paths.logs / "web.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    status, answer = await admin.ask("GET", "/api/v1/log/system")
    assert (status, [line["text"] for line in answer["lines"]]) == (200, ["t2", "t0"])
    assert answer["processes"] == ["web"]
    answer = (await admin.ask("GET", "/api/v1/log/system?level=warning"))[1]
    assert [line["text"] for line in answer["lines"]] == ["t2"]
    assert (await admin.ask("GET", "/api/v1/log/system?process=../web"))[1]["lines"] == []


class Asked(dict[str, Any]):
    """As much of a request as a note looks at."""

    headers: ClassVar[dict[str, str]] = {}
    cookies: ClassVar[dict[str, str]] = {}
    remote = "10.0.0.9"


async def views(app: Any, supervisor: Any) -> list[tuple[int, str, str]]:
    """What the log holds of views so far: channel, from, to."""
    notes = app[NOTES]
    while notes.tasks:
        await asyncio.wait(notes.tasks)
    told = [params for method, params in supervisor.asked if method == "events.raise"]
    return [
        (event["channel"], event["details"]["from"], event["details"]["to"])
        for event in told
        if event["kind"] == "footage_viewed"
    ]


async def test_viewing_is_noted_once_for_each_hour_of_footage(
    app: Any, admin: Any, supervisor: Any
) -> None:
    supervisor.answer("events.raise", {"id": 1, "new": True})

    class Request(Asked):
        config_dict = app

    request: Any = Request()
    hour = 3_600_000.0
    for at in (hour, hour + 100, 1e300):
        viewed(request, 2, at)
    viewed(request, 3, hour)
    first = ("1970-01-01 01:00+00:00", "1970-01-01 02:00+00:00")
    assert await views(app, supervisor) == [(2, *first), (3, *first)]


async def test_dragging_along_the_time_bar_is_a_line_a_minute_at_most(
    app: Any, admin: Any, supervisor: Any
) -> None:
    supervisor.answer("events.raise", {"id": 1, "new": True})

    class Request(Asked):
        config_dict = app

    request: Any = Request()
    hour, place = 3_600_000.0, " 2"
    for number in (5, 9, 7, 3, 9):
        viewed(request, 2, number * hour)
    assert len(await views(app, supervisor)) == 1
    notes = app[NOTES]
    assert notes.timers[place].when() <= asyncio.get_running_loop().time() + audit.GATHER_S
    assert flush(notes, context(request).bus, place)
    assert (await views(app, supervisor))[1:] == [
        (2, "1970-01-01 03:00+00:00", "1970-01-01 10:00+00:00")
    ]
    assert not notes.timers


async def test_viewers_without_end_hold_no_memory_without_end(
    app: Any, admin: Any, supervisor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.answer("events.raise", {"id": 1, "new": True})
    monkeypatch.setattr(audit, "MAX_GATHERING", 3)
    monkeypatch.setattr(audit, "MAX_SEEN", 5)

    class Request(Asked):
        config_dict = app

    request: Any = Request()
    for channel in range(1, 20):
        viewed(request, channel, 3_600_000.0)
        viewed(request, channel, 7_200_000.0)
    notes = app[NOTES]
    assert (len(notes.gathering), len(notes.timers), len(notes.seen)) == (3, 3, 5)
    assert len(await views(app, supervisor)) >= 19 + 16


async def test_each_api_token_that_views_is_noted(app: Any, admin: Any, supervisor: Any) -> None:
    supervisor.answer("events.raise", {"id": 1, "new": True})

    class Request(Asked):
        config_dict = app

    for token in ("wall", "thief", "wall"):
        request: Any = Request()
        set_access(request, Access(User(token, GRANTABLE), "10.0.0.9", token=token))
        viewed(request, 2, 3_600_000.0)
    notes = app[NOTES]
    while notes.tasks:
        await asyncio.wait(notes.tasks)
    told = [params for method, params in supervisor.asked if method == "events.raise"]
    seen = [e["details"]["user"] for e in told if e["kind"] == "footage_viewed"]
    assert sorted(seen) == ["thief", "wall"]


@pytest.mark.parametrize(
    ("kind", "channel", "shown"),
    [
        ("settings_changed", None, False),
        ("account_changed", None, False),
        ("signed_in", None, False),
        ("footage_viewed", 1, False),
        ("exported", 1, True),
        ("camera_offline", 1, True),
        ("system_started", None, True),
    ],
)
def test_what_people_did_is_told_to_readers_of_the_log_only(
    kind: str, channel: int | None, shown: bool
) -> None:
    event = {"kind": kind, "channel": channel}
    viewer = frozenset({Permission.EVENTS, Permission.STATUS})
    assert sees_event(Access(User("viewer", viewer), ""), event) is shown
    assert sees_event(Access(User("reader", viewer | {Permission.LOGS}), ""), event)


async def test_the_log_of_some_channels_is_that_of_these(page_as: Any, box: Any) -> None:
    reader = page_as(user_with("reader", {Permission.LOGS: frozenset({1})}, 1))
    whole = page_as(user_with("auditor", {Permission.LOGS: None}, 1))
    for page, channels in ((reader, {1, None}), (whole, {1, 2, None})):
        _status, answer = await page.ask("GET", "/api/v1/log")
        assert {entry["channel"] for entry in answer["entries"]} == channels
        _status, table = await page.ask("GET", "/api/v1/log/table")
        assert ("Vault" in table) is (2 in channels)
        assert (await page.ask("GET", "/api/v1/log/check"))[0] == 200
        assert (await page.ask("GET", "/api/v1/log/system"))[0] == (200 if 2 in channels else 403)
