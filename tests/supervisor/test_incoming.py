"""The limit of what all cameras send together: over every recorder, told once, ended by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.bus.server import BusServer
from appliance.figures import mbps
from appliance.supervisor.incoming import LASTS_S, IncomingLimit
from appliance.supervisor.reports import FRESH_S, Reports


class Book:
    """What was raised and ended."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def raise_event(self, kind: str, *, key: str, details: Any) -> None:
        self.told.append((kind, key, details))

    def end_event(self, kind: str, key: str) -> None:
        self.told.append((kind, key, "ended"))


class Bench:
    """Two recorders that report what their cameras send."""

    def __init__(self, root: Path, *, limit_mbps: int) -> None:
        self.now = 100.0
        self.limit_mbps = limit_mbps
        self.book: Any = Book()
        self.reports = Reports(BusServer(root / "s", instance="x"), self.clock)
        self.judge = IncomingLimit(
            self.reports, self.book, lambda: self.limit_mbps * 1_000_000, self.clock
        ).judge

    def clock(self) -> float:
        return self.now

    def report(self, seconds: float, *mbps_of_groups: float) -> None:
        """Each group reports two streams once a second."""
        end = self.now + seconds
        while self.now < end:
            for group, rate in enumerate(mbps_of_groups):
                streams = {
                    "main": {"bitrate_bps": rate * 1e6 * 0.75},
                    "sub": {"bitrate_bps": rate * 1e6 * 0.25},
                }
                status = {"id": group * 8 + 1, "streams": streams}
                self.reports._take_channels({"channels": [status]}, f"recorder@{group + 1}")
            self.now += 1.0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, limit_mbps=10)


def test_groups_below_the_limit_each_but_not_together_are_told_once(bench: Bench) -> None:
    bench.report(LASTS_S + 5, 9, 7)
    assert bench.book.told == [("bandwidth_exceeded", "incoming", {"mbps": "16", "limit": "10"})]
    assert bench.judge() == {"bps": 16_000_000, "limit_bps": 10_000_000, "exceeded": True}


def test_it_ends_when_cameras_send_less_or_the_limit_is_raised(bench: Bench) -> None:
    bench.report(LASTS_S + 2, 9, 7)
    bench.report(2, 5, 4)
    assert bench.book.told[1:] == [("bandwidth_exceeded", "incoming", "ended")]
    bench.report(LASTS_S + 2, 9, 7)
    bench.limit_mbps = 20
    assert not bench.judge()["exceeded"]
    assert [what for _kind, _key, what in bench.book.told[2:]][-1] == "ended"


def test_it_ends_when_a_recorder_is_gone(bench: Bench) -> None:
    bench.report(LASTS_S + 2, 9, 7)
    bench.now += FRESH_S + 1
    assert bench.judge()["bps"] == 0
    assert bench.book.told[-1][2] == "ended"


def test_a_moment_above_the_limit_is_not_told(bench: Bench) -> None:
    bench.report(LASTS_S - 2, 9, 7)
    bench.report(3, 5, 4)
    bench.report(LASTS_S - 2, 9, 7)
    assert bench.book.told == []


def test_event_of_the_last_life_goes_on_until_the_recorders_have_spoken(bench: Bench) -> None:
    bench.judge()
    bench.report(3, 1)
    assert bench.book.told == []
    bench.report(FRESH_S + LASTS_S, 1, 2)
    assert bench.book.told == [("bandwidth_exceeded", "incoming", "ended")]


@pytest.mark.parametrize(
    ("bps", "words"), [(0, "0"), (1_640_000, "1.6"), (2_000_000, "2"), (16_400_000, "16")]
)
def test_rates_are_written_as_people_read_them(bps: int, words: str) -> None:
    assert mbps(bps) == words
