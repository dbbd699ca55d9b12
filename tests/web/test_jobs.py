"""Jobs and places over REST and the feed: whose they are, what may be started, what is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.accounts.tokens import digest_of
from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.web.bearer import TOKENS

ANNA = User("anna", frozenset({Permission.LIVE, Permission.DOWNLOAD, Permission.STORAGE}))
BERT = User("bert", frozenset({Permission.LIVE}))
CHECK = {"kind": "check_volume", "volume": "disk1"}


def job(number: str, by: str, **values: Any) -> dict[str, Any]:
    return {
        "id": number, "kind": "check_volume", "title": "Check volume disk1", "by": by, "place": "",
        "state": "running", "created": 1, "started": 1, "ended": None, "moved": 1,
        "progress": None, "code": "", "text": "", "result": {}, "files": [], "problems": 0,
        "expires": None, **values,
    }  # fmt: skip


class JobsDouble:
    """The jobs process as the bus sees it."""

    def __init__(self, client: BusClient) -> None:
        self.client = client
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.jobs = [job("a1", "anna"), job("b1", "bert")]
        self.refusal: BusError | None = None
        for method in ("start", "list", "get", "cancel", "forget"):
            client.handle(f"jobs.{method}", self.answering(f"jobs.{method}"), roles={"web"})
        for method in ("list", "eject"):
            client.handle(f"places.{method}", self.answering(f"places.{method}"), roles={"web"})

    def answering(self, method: str) -> Any:
        async def answer(params: dict[str, Any]) -> Any:
            self.asked.append((method, params))
            if self.refusal is not None:
                raise self.refusal
            mine = [j for j in self.jobs if params.get("by") in (None, j["by"])]
            if method == "jobs.list":
                return {"jobs": mine}
            if method == "places.list":
                return {"places": [{"id": "p1", "name": "STICK"}]}
            if method in ("jobs.start", "places.eject"):
                return job("new", params["by"])
            found = [j for j in mine if j["id"] == params["id"]]
            if not found:
                raise BusError("jobs.not_found", "There is no such job.")
            return found[0]

        return answer


@pytest.fixture
async def jobs(box: Any, paths: Any) -> AsyncIterator[JobsDouble]:
    client = BusClient(paths.bus_socket, "jobs", "t")
    double = JobsDouble(client)
    task = asyncio.create_task(client.run())
    async with asyncio.timeout(5):
        await client.connected.wait()
    yield double
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_people_see_their_own_jobs_and_who_maintains_the_box_sees_all(
    page_as: Any, jobs: JobsDouble
) -> None:
    for user, ids in ((ANNA, ["a1"]), (BERT, ["b1"]), (User("m", GRANTABLE), ["a1", "b1"])):
        status, answer = await page_as(user).ask("GET", "/api/v1/jobs")
        assert (status, [found["id"] for found in answer["jobs"]]) == (200, ids)


async def test_somebody_elses_job_is_not_there(page_as: Any, jobs: JobsDouble) -> None:
    bert = page_as(BERT)
    for method, path in (
        ("GET", "/api/v1/jobs/a1"),
        ("DELETE", "/api/v1/jobs/a1"),
        ("GET", "/api/v1/jobs/a1/result/report.json"),
    ):
        status, answer = await bert.ask(method, path)
        assert (status, answer["code"]) == (404, "jobs.not_found")
    assert not any(method in ("jobs.cancel", "jobs.forget") for method, _p in jobs.asked)


async def test_an_api_token_sees_and_cancels_what_it_might_have_started(
    app: Any, page: Any, jobs: JobsDouble
) -> None:
    """Its owner has every right; the token exports channel 1."""
    rights = {"download": [1]}
    entry = {"id": "t", "digest": digest_of("nvr_t"), "user": "anna", "rights": rights,
             "expires_utc_s": None}  # fmt: skip
    app[TOKENS].follow([entry], {"anna": User("anna", GRANTABLE)})
    jobs.jobs = [
        job("a1", "anna"),
        job("a2", "anna", kind="export_to_place", channels=[1]),
        job("a3", "anna", kind="export_to_place", channels=[1, 2]),
        job("a4", "anna", kind="verify_export"),
        job("a5", "anna", kind="something_new"),
        job("b1", "bert", kind="export_to_place", channels=[1]),
    ]
    head = {"Authorization": "Bearer nvr_t"}
    status, answer = await page.ask("GET", "/api/v1/jobs", **head)
    assert (status, [found["id"] for found in answer["jobs"]]) == (200, ["a2", "a4"])
    for number, found in (("a2", 200), ("a3", 404), ("a1", 404), ("b1", 404)):
        status, answer = await page.ask("GET", f"/api/v1/jobs/{number}", **head)
        assert status == found
        assert status == 200 or answer["code"] == "jobs.not_found"
    assert (await page.ask("DELETE", "/api/v1/jobs/a3", **head))[0] == 404
    assert not any(method == "jobs.cancel" for method, _params in jobs.asked)
    assert (await page.ask("DELETE", "/api/v1/jobs/a2", **head))[0] == 204


async def test_the_result_of_a_job_needs_its_right_still(page_as: Any, jobs: JobsDouble) -> None:
    jobs.jobs = [job("b1", "bert", state="done", ended=5, files=["report.json"])]
    bert = page_as(BERT)
    assert (await bert.ask("GET", "/api/v1/jobs/b1"))[0] == 200
    status, answer = await bert.ask("GET", "/api/v1/jobs/b1/result/report.json")
    assert (status, answer["code"]) == (403, "not_allowed")


async def test_checking_a_volume_needs_the_right_to_storage(page_as: Any, jobs: JobsDouble) -> None:
    status, answer = await page_as(BERT).ask("POST", "/api/v1/jobs", CHECK)
    assert (status, answer["code"]) == (403, "not_allowed")
    status, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", CHECK)
    assert (status, answer["by"]) == (201, "anna")
    method, params = jobs.asked[-1]
    assert method == "jobs.start"
    assert params == {
        "kind": "check_volume", "by": "anna", "order": {"volume": "disk1", "quick": False}
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "format_disk"},
        {"kind": "check_volume"},
        {"kind": "check_volume", "volume": ""},
        {"kind": "check_volume", "volume": "x", "path": "/etc"},
    ],
)
async def test_what_is_no_job_is_refused(page_as: Any, jobs: JobsDouble, body: Any) -> None:
    status, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", body)
    assert (status, answer["code"]) == (422, "invalid")
    assert answer["fields"]
    assert jobs.asked == []


async def test_cancelling_and_taking_off_the_list_are_one_word(
    page_as: Any, jobs: JobsDouble
) -> None:
    anna = page_as(ANNA)
    jobs.jobs.append(job("a2", "anna", state="done", ended=5))
    assert (await anna.ask("DELETE", "/api/v1/jobs/a1"))[0] == 204
    assert jobs.asked[-1] == ("jobs.cancel", {"id": "a1", "by": "anna"})
    assert (await anna.ask("DELETE", "/api/v1/jobs/a2"))[0] == 204
    assert jobs.asked[-1] == ("jobs.forget", {"id": "a2", "by": "anna"})


async def test_only_files_of_the_result_are_handed_out(
    page_as: Any, jobs: JobsDouble, paths: Any
) -> None:
    jobs.jobs.append(job("a2", "anna", state="done", ended=5, files=["report.json"]))
    folder = paths.state / "jobs" / "a2"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text('{"found": []}')
    (folder / "other.json").write_text("secret")
    anna = page_as(ANNA)
    assert await anna.ask("GET", "/api/v1/jobs/a2/result/report.json") == (200, {"found": []})
    for name in ("other.json", "..%2fjobs.json", "%2e%2e"):
        status, answer = await anna.ask("GET", f"/api/v1/jobs/a2/result/{name}")
        assert status == 404
        assert "secret" not in str(answer)


async def test_places_are_for_those_who_may_export(page_as: Any, jobs: JobsDouble) -> None:
    status, answer = await page_as(ANNA).ask("GET", "/api/v1/places")
    assert (status, [place["id"] for place in answer["places"]]) == (200, ["p1"])
    assert await page_as(BERT).ask("GET", "/api/v1/places") == (200, {"places": []})
    assert (await page_as(BERT).ask("POST", "/api/v1/places/p1/eject", {}))[0] == 404
    assert (await page_as(ANNA).ask("POST", "/api/v1/places/p1/eject", {}))[0] == 201
    assert jobs.asked[-1] == ("places.eject", {"place": "p1", "by": "anna"})


@pytest.mark.parametrize(
    ("code", "status"),
    [("full", 409), ("too_many", 409), ("place_busy", 409), ("no_place", 404), ("bad_order", 400)],
)
async def test_a_refusal_is_handed_on_in_words(
    page_as: Any, jobs: JobsDouble, code: str, status: int
) -> None:
    jobs.refusal = BusError(f"jobs.{code}", "Because.")
    found, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", CHECK)
    assert (found, answer["code"], answer["text"]) == (status, f"jobs.{code}", "Because.")


async def test_while_the_process_is_away_the_answer_says_so(page_as: Any, box: Any) -> None:
    status, answer = await page_as(ANNA).ask("GET", "/api/v1/jobs")
    assert (status, answer["code"]) == (503, "jobs_away")
    assert "Recording goes on" in answer["text"]


async def test_the_feed_tells_of_ones_own_jobs_and_of_places(
    page_as: Any, jobs: JobsDouble
) -> None:
    anna, bert = page_as(ANNA), page_as(BERT)
    async with (
        anna.client.ws_connect("/api/v1/feed") as hers,
        bert.client.ws_connect("/api/v1/feed") as his,
    ):
        for socket in (hers, his):
            await socket.receive_json()
        jobs.client.publish_nowait("places.changed", {"places": [{"id": "p2"}]})
        jobs.client.publish_nowait("job.changed", {"job": job("a1", "anna", state="done")})
        jobs.client.publish_nowait("job.changed", {"job": job("b1", "bert", state="failed")})
        seen: dict[str, Any] = {}
        async with asyncio.timeout(5):
            while not {"job", "places"} <= set(seen):
                message = await hers.receive_json()
                seen[message["topic"]] = message["payload"]
        assert (seen["job"]["id"], seen["places"]["places"]) == ("a1", [{"id": "p2"}])
        async with asyncio.timeout(5):
            while True:
                message = await his.receive_json()
                assert message["topic"] != "places"
                if message["topic"] == "job":
                    assert message["payload"]["id"] == "b1"
                    break


EXPORT = {
    "kind": "export_to_place", "place": "p1", "streams": [{"channel": 1}, {"channel": 2}],
    "from": 1000, "to": 61_000, "reason": " theft ",
}  # fmt: skip


async def test_an_export_to_a_place_needs_the_right_on_each_of_its_channels(
    page_as: Any, jobs: JobsDouble
) -> None:
    one = page_as(User("one", frozenset({Permission.DOWNLOAD}), frozenset({1})))
    for kind in ("export_to_place", "reencode"):
        status, answer = await one.ask("POST", "/api/v1/jobs", EXPORT | {"kind": kind})
        assert (status, answer["code"]) == (403, "not_allowed")
    assert jobs.asked == []
    status, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", EXPORT)
    assert status == 201, answer
    _method, params = jobs.asked[-1]
    assert params["order"] == {
        "streams": [[1, "main"], [2, "main"]], "from": 1000, "to": 61_000, "reason": "theft",
        "combine": False, "place": "p1", "requester": "anna@127.0.0.1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": 1000}, "to"),
        ({"kind": "reencode", "text": "Müller"}, "text"),
        ({"kind": "reencode", "text": "x" * 86}, "text"),
        (
            {
                "kind": "reencode",
                "masks": [{"channel": 1, "x": 0, "y": 0, "width": 2, "height": 1}],
            },
            "width",
        ),
        ({"streams": []}, "streams"),
    ],
)
async def test_what_cannot_be_exported_is_refused_at_its_field(
    page_as: Any, jobs: JobsDouble, changes: dict[str, Any], field: str
) -> None:
    status, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", EXPORT | changes)
    assert (status, answer["code"]) == (422, "invalid"), answer
    assert [found["path"].rpartition(".")[2] for found in answer["fields"]] == [field]
    assert jobs.asked == []


async def test_what_is_drawn_into_pictures_is_handed_on(page_as: Any, jobs: JobsDouble) -> None:
    mask = {"channel": 2, "x": 0.5, "y": 0, "width": 0.5, "height": 0.25}
    body = EXPORT | {"kind": "reencode", "text": " Case_12 ", "clock": False, "masks": [mask]}
    status, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", body)
    assert status == 201, answer
    order = jobs.asked[-1][1]["order"]
    assert (order["text"], order["clock"], order["sound"]) == ("Case_12", False, True)
    assert order["masks"] == [[2, 0.5, 0, 0.5, 0.25]]


async def test_the_key_that_an_export_should_bear_is_handed_on(
    page_as: Any, jobs: JobsDouble
) -> None:
    body = {"kind": "verify_export", "place": "p1", "name": "NVR 2026", "key": "af26 19a5"}
    status, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", body)
    assert status == 201, answer
    assert jobs.asked[-1][1]["order"] == {"place": "p1", "name": "NVR 2026", "key": "af26 19a5"}


PICTURES = {"kind": "snapshots_to_place", "place": "p1", "channel": 1, "count": 3}


async def test_pictures_to_a_place_need_the_right_to_export_and_now_that_to_see(
    page_as: Any, jobs: JobsDouble
) -> None:
    exporter = page_as(User("one", frozenset({Permission.DOWNLOAD}), frozenset({1})))
    for body, who in (
        (PICTURES, BERT),
        (PICTURES, User("one", frozenset({Permission.DOWNLOAD}), frozenset({1}))),
        (PICTURES | {"channel": 2, "at": 5}, User("two", ANNA.permissions, frozenset({1}))),
    ):
        status, answer = await page_as(who).ask("POST", "/api/v1/jobs", body)
        assert (status, answer["code"]) == (403, "not_allowed"), body
    assert jobs.asked == []
    assert (await exporter.ask("POST", "/api/v1/jobs", PICTURES | {"at": 5000}))[0] == 201
    assert jobs.asked[-1][1]["order"] == {
        "streams": [[1, "main"]], "at": 5000, "live": False, "count": 3, "folder": "Snapshots",
        "place": "p1", "requester": "one@127.0.0.1",
    }  # fmt: skip


async def test_now_is_when_it_was_asked_for(page_as: Any, jobs: JobsDouble) -> None:
    before = time.time_ns() // 1_000_000
    status, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", PICTURES | {"at": "now"})
    assert status == 201, answer
    order = jobs.asked[-1][1]["order"]
    assert order["live"] is True
    assert before <= order["at"] <= time.time_ns() // 1_000_000


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 6}, "count"),
        ({"folder": "../x"}, "folder"),
        ({"folder": ""}, "folder"),
        ({"at": 1 << 52}, "at"),
    ],
)
async def test_pictures_that_cannot_be_saved_are_refused_at_their_field(
    page_as: Any, jobs: JobsDouble, changes: dict[str, Any], field: str
) -> None:
    status, answer = await page_as(ANNA).ask("POST", "/api/v1/jobs", PICTURES | changes)
    assert (status, answer["code"]) == (422, "invalid"), answer
    assert [found["path"].rpartition(".")[2] for found in answer["fields"]] == [field]
    assert jobs.asked == []
