"""Lost footage on the time bar: from the events of losses, kept by a real book of events."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, User
from appliance.events.book import EventBook
from appliance.events.query import EventFilter

ADMIN = User("admin", GRANTABLE)
START = 1_790_000_000_000


@pytest.fixture
async def book(tmp_path: Any, supervisor: Any) -> Any:
    """Events as the supervisor keeps and tells them."""
    kept = EventBook(tmp_path / "events.db", clock_ms=lambda: START + 100_000)
    await kept.start()

    async def query(params: dict[str, Any]) -> dict[str, Any]:
        found, after = await kept.query(EventFilter.parse(params))
        return {"events": [event.as_dict() for event in found], "next": after}

    supervisor.server.handle("events.query", lambda params, _peer: query(params))
    yield kept
    await kept.close()


def lose(
    book: EventBook, start: int, end: int, *, kind: str = "overload", channel: int = 1,
    stream: str = "main",
) -> None:  # fmt: skip
    key = f"D{channel} {stream}"
    details = {"name": "Gate", "stream": stream, "seconds": "7", "reason": "Volume A is too slow."}
    book.raise_event(kind, key=key, channel=channel, details=details, start_ms=START + start)
    book.end_event(kind, key, end_ms=START + end)


async def losses(page: Any, query: str) -> list[dict[str, Any]]:
    status, answer = await page.ask("GET", f"/api/v1/timeline?{query}")
    assert status == 200, answer
    return [span for span in answer["spans"] if span["kind"] == "lost"]


async def test_the_timeline_tells_what_was_lost_and_why(shelf, book, page_as):
    """Pain 1: losses are shown on the timeline."""
    lose(book, 1000, 8000)
    lose(book, 20_000, 30_000, kind="footage_lost", stream="sub")
    lose(book, 40_000, 50_000, kind="stream_damaged", channel=2)
    lose(book, 40_000, 50_000, channel=7)
    lose(book, 500_000, 600_000)
    book.raise_event("camera_offline", key="D1", channel=1, start_ms=START)
    page = page_as(ADMIN)
    found = await losses(page, f"channels=1,2&from={START}&to={START + 100_000}&resolution=0")
    assert [(s["channel"], s["stream"], s["from"] - START, s["to"] - START, s["reason"])
            for s in found] == [
        (1, "main", 1000, 8000, "overload"),
        (1, "sub", 20_000, 30_000, "disk"),
        (2, "main", 40_000, 50_000, "damaged"),
    ]  # fmt: skip
    assert found[0]["text"] == "D1 Gate lost 7 s of its main stream. Volume A is too slow."
    assert not found[0]["locked"]


async def test_a_loss_that_goes_on_reaches_to_the_end_and_is_cut_to_what_is_asked(
    shelf, book, page_as
):
    details = {"stream": "main", "reason": ""}
    book.raise_event("overload", key="D1", channel=1, details=details, start_ms=START)
    page = page_as(ADMIN)
    (span,) = await losses(page, f"channels=1&from={START + 5000}&to={START + 9000}")
    assert (span["from"], span["to"]) == (START + 5000, START + 9000)
    assert await losses(page, f"channels=1&from={START + 5000}&to={START + 9000}&stream=sub") == []


async def test_losses_closer_than_a_pixel_are_one(shelf, book, page_as):
    for n in range(5):
        lose(book, n * 2000, n * 2000 + 1000)
    page = page_as(ADMIN)
    asked = f"channels=1&from={START}&to={START + 100_000}"
    assert len(await losses(page, f"{asked}&resolution=500")) == 5
    (span,) = await losses(page, f"{asked}&resolution=1000")
    assert (span["from"], span["to"]) == (START, START + 9000)


async def test_more_losses_than_a_page_of_events_are_all_told(shelf, book, page_as):
    for n in range(600):
        lose(book, n * 100, n * 100 + 50)
    page = page_as(ADMIN)
    asked = f"channels=1&from={START}&to={START + 100_000}&resolution=0"
    assert len(await losses(page, asked)) == 600


async def test_locked_footage_is_told_without_losses(shelf, book, page_as):
    lose(book, 1000, 8000)
    asked = f"channels=1&from={START}&to={START + 100_000}&locked=true"
    assert await losses(page_as(ADMIN), asked) == []


async def test_recordings_are_told_while_the_supervisor_is_away(
    shelf, gop, page_as, supervisor, bus
):
    page = page_as(ADMIN)
    asked = f"/api/v1/timeline?channels=1&from={START}&to={START + 100_000}&stream=main"
    shelf.store(gop, START * 1_000_000, 4)
    assert (await page.ask("GET", asked))[0] == 200
    await supervisor.stop()
    status, answer = await page.ask("GET", asked)
    assert (status, len(answer["spans"])) == (200, 1)
