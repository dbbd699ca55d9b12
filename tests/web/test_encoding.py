"""Compressed answers: who gets one, and that what was packed comes out again."""

from __future__ import annotations

import json
import zlib
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.web.app import STATIC_FOLDER
from appliance.web.encoding import MIN_PACKED_BYTES, json_text, offered_encodings
from scripts.bench.first_load import first_load_bytes

FIRST_LOAD_BYTES = 400_000
LONG = json.dumps({"spans": [{"channel": 1, "kind": "motion"}] * MIN_PACKED_BYTES})


def request(accepted: str | None) -> Any:
    return SimpleNamespace(headers={} if accepted is None else {"Accept-Encoding": accepted})


@pytest.mark.parametrize(
    ("header", "offered"),
    [
        (None, set()),
        ("gzip, deflate, br", {"gzip", "deflate", "br"}),
        ("GZIP;q=0.5, br; q=1.0", {"gzip", "br"}),
        ("gzip;q=0, br", {"br"}),
        ("gzip; q=0.000", set()),
    ],
)
def test_what_a_browser_takes_is_what_it_does_not_refuse(header, offered):
    assert offered_encodings(request(header)) == offered


async def test_a_long_answer_goes_compressed_to_those_that_take_it():
    answer = await json_text(request("gzip"), LONG)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.body) < len(LONG) / 20
    assert zlib.decompress(answer.body, 16 + zlib.MAX_WBITS).decode() == LONG


@pytest.mark.parametrize(("accepted", "text"), [(None, LONG), ("br", LONG), ("gzip", "{}")])
async def test_other_answers_go_as_they_are(accepted, text):
    answer = await json_text(request(accepted), text)
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.text == text


def test_the_first_load_of_the_page_is_small():
    """Counted, not timed: with all that the live wall needs, as gzip sends it."""
    assert (STATIC_FOLDER / "index.html").exists(), "the page is not built: run `make setup`"
    load = first_load_bytes(STATIC_FOLDER)
    assert any(name.endswith(".woff2") for name in load)
    assert sum(name.endswith(".js") for name in load) > 3
    assert sum(load.values()) <= FIRST_LOAD_BYTES, load


def test_the_page_is_packed_when_it_is_built():
    """So that no box does it while somebody waits."""
    code = [path for path in (STATIC_FOLDER / "assets").glob("*.js") if path.stat().st_size > 2000]
    assert code
    for path in code:
        packed = path.with_name(path.name + ".gz").stat().st_size
        assert path.with_name(path.name + ".br").stat().st_size < packed < path.stat().st_size
