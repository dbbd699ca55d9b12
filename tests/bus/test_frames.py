"""Frames survive the way there and back; anything else ends in the protocol's own error."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.bus.errors import BusError, FrameError
from appliance.bus.frames import (
    MAX_FRAME_BYTES,
    Failure,
    Hello,
    Publication,
    Request,
    Response,
    Subscribe,
    Unsubscribe,
    Welcome,
    decode,
    encode,
)


@pytest.mark.parametrize(
    "frame",
    [
        Hello("recorder@1", "abc", "0.1.0+12", 7),
        Welcome("abc", "0.1.0", 7),
        Request(1, "settings.get", {"page": "général"}, "supervisor", "web"),
        Response(1, {"a": [1, None, "ü", 1.5]}),
        Failure(1, "x.y", "No.", [{"path": "a", "code": "b", "text": "c"}]),
        Subscribe(["event"]),
        Unsubscribe(["event"]),
        Publication("event", {"n": 1}, "web"),
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_frame_is_one_line_and_comes_back_the_same(frame: object) -> None:
    line = encode(frame)  # type: ignore[arg-type]
    assert line.count(b"\n") == 1
    assert decode(line) == frame


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, "x" * MAX_FRAME_BYTES, "\ud800"])
def test_what_cannot_be_sent_is_refused_by_the_sender(value: object) -> None:
    with pytest.raises(BusError):
        encode(Publication("t", value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=10,
)
TAGS = ["hello", "welcome", "request", "response", "failure", "subscribe", "publication", "x"]
KEYS = ["t", "id", "name", "method", "params", "to", "topics", "topic", "fields", "protocol"]


@settings(max_examples=300, deadline=None, print_blob=True)
@given(st.binary(max_size=200) | st.builds(lambda v: json.dumps(v).encode(), JSON))
def test_any_bytes_are_a_frame_or_a_frame_error(line: bytes) -> None:
    with contextlib.suppress(FrameError):
        decode(line)


@settings(max_examples=300, deadline=None, print_blob=True)
@given(st.sampled_from(TAGS), st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6))
def test_any_fields_of_a_known_type_are_a_frame_or_a_frame_error(
    tag: str, body: dict[str, object]
) -> None:
    with contextlib.suppress(FrameError):
        decode(json.dumps({**body, "t": tag}).encode())
