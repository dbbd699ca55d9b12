"""The byte stream of an RTSP connection taken apart: messages and interleaved packets.

The parser owns the one buffer that the socket reads into.  Packets are handed over as places in
that buffer, so nothing is copied or made for one; a message is rare and becomes an object.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from appliance.media.errors import LimitError, MalformedError
from appliance.media.rtsp.message import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    Message,
    body_length,
    decode_head,
)

BUFFER_BYTES = 256 << 10
"""Room for the longest message and one interleaved packet of 64 KiB beside it."""

FIRST_BYTES = 80 << 10
"""How large the buffer is until something needs more: the longest packet, and room to read."""

LEAST_ROOM = 14 << 10
"""What is offered to the socket; with less left, the beginning of a packet moves to the front."""

MAX_SKIPPED_BYTES = 256 << 10
"""So many bytes in a row that are neither a message nor a packet end the connection."""

MAX_STRANGE_START_BYTES = 4096
"""The same before anything was understood: whoever answers does not speak RTSP."""

_SHOWN_BYTES = 64
_DOLLAR = 0x24
_FRAME_ROOM = 4 + 0xFFFF
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_START = re.compile(
    rb"RTSP/\d|HTTP/\d|(?:OPTIONS|ANNOUNCE|DESCRIBE|SETUP|PLAY|PAUSE|RECORD|TEARDOWN|REDIRECT|"
    rb"[GS]ET_PARAMETER) "
)
_LONGEST_START = 16

FrameHandler = Callable[[memoryview, int, int], int]
"""Takes a run of packets of its channel: the buffer, where the first one's dollar sign is, and
where what was read ends.  Returns where it stopped: behind the last packet taken, which is where it
began if not even one is whole.  The buffer is valid during the call only.
"""


def each(take: Callable[[memoryview, int, int], None]) -> FrameHandler:
    """Return a handler that calls `take` with the buffer and the begin and end of one packet."""

    def one(view: memoryview, at: int, end: int) -> int:
        after = at + 4 + (view[at + 2] << 8 | view[at + 3])
        if after > end:
            return at
        take(view, at + 4, after)
        return after

    return one


def _pass_over(view: memoryview, begin: int, end: int) -> None:
    del view, begin, end


class StreamParser:
    """Reads one direction of an RTSP connection (RFC 2326 section 10.12 for the packets).

    `frames` maps the channels that are wanted to their handlers; packets of other channels are
    counted in `unassigned` and dropped.  `skipped` counts bytes that made no sense and were
    passed over: text or padding between packets never ends a connection.
    """

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self.frames: dict[int, FrameHandler] = {}
        self.unassigned = 0
        self.skipped = 0
        self.understood = False
        """Whether anything at all was a message or a packet."""
        self._on_message = on_message
        self._bytes = bytearray(FIRST_BYTES)
        self._view = memoryview(self._bytes)
        self._start = 0
        self._end = 0
        self._skipping = 0
        self._strange = bytearray()

    def buffer(self) -> memoryview:
        """Return where the next bytes of the connection are to be put; never empty."""
        if self._start == self._end:
            self._start = self._end = 0
        elif len(self._bytes) - self._end < LEAST_ROOM or self._end - self._start < LEAST_ROOM:
            self._to_front()
        return self._view[self._end :]

    def _to_front(self) -> None:
        """Move what is not whole yet to the front, of a larger buffer where it is that long.

        Done for every short rest: the same few pages are then used again and again.
        """
        rest = bytes(self._view[self._start : self._end])
        if len(self._bytes) - len(rest) < LEAST_ROOM:
            self._bytes = bytearray(BUFFER_BYTES)
            self._view = memoryview(self._bytes)
        self._view[: len(rest)] = rest
        self._start, self._end = 0, len(rest)

    def strange_start(self) -> bytes:
        """Return the first bytes that were not understood, for a report; at most 128."""
        rest = self._view[self._start : min(self._end, self._start + _SHOWN_BYTES)]
        return bytes(self._strange) + bytes(rest)

    def feed(self, data: bytes) -> None:
        """Take bytes that were read elsewhere; as `buffer` and `received` together."""
        rest = memoryview(data)
        while rest:
            room = self.buffer()
            count = min(len(room), len(rest))
            room[:count] = rest[:count]
            self.received(count)
            rest = rest[count:]

    def received(self, count: int) -> None:
        """Take note that `count` bytes were put into `buffer()` and hand over what is whole.

        Raises `MalformedError` where this is not RTSP and `LimitError` for a message too long.
        What handlers raise passes through, and nothing can be read after that.
        """
        self._end += count
        data, view, frames = self._bytes, self._view, self.frames
        at, end = self._start, self._end
        try:
            while end - at >= 4:
                if data[at] == _DOLLAR:
                    if self._skipping and not self._plausible(at, end):
                        at = self._skip(at, at + 1)
                        continue
                    began = at
                    handler = frames.get(data[at + 1])
                    if handler is not None:
                        at = handler(view, at, end)
                    else:
                        at = _ignore(view, at, end)
                        self.unassigned += at != began
                    if at == began:
                        break
                    self._skipping = 0
                else:
                    message, after = self._message(at, end)
                    if after == at:
                        break
                    at = after
                    if message is not None:
                        self._on_message(message)
        finally:
            self._start = at

    def _plausible(self, at: int, end: int) -> bool:
        """Whether a dollar sign among garbage looks like a packet: known channel, RTP version 2."""
        data = self._bytes
        length = data[at + 2] << 8 | data[at + 3]
        if data[at + 1] not in self.frames or length < 8:
            return False
        return end - at < 5 or data[at + 4] >> 6 == 2

    def _message(self, at: int, end: int) -> tuple[Message | None, int]:
        """Read a message or pass over what is none; with where to go on, `at` for "wait"."""
        data = self._bytes
        if data[at] in b"\r\n":
            return None, at + 1
        if _START.match(data, at, end) is None:
            if end - at < _LONGEST_START and _begins(data[at:end]):
                return None, at
            return None, self._skip(at, self._next_start(at + 1, end))
        head_end = _END_OF_HEAD.search(data, at, end)
        if head_end is None:
            if end - at > MAX_HEAD_BYTES:
                raise LimitError(f"headers of more than {MAX_HEAD_BYTES} bytes")
            return None, at
        try:
            message = decode_head(bytes(self._view[at : head_end.start()]))
        except MalformedError:
            return None, self._skip(at, head_end.end())
        after = head_end.end() + body_length(message.headers)
        if after > end:
            return None, at
        message.body = bytes(self._view[head_end.end() : after])
        self._skipping = 0
        self.understood = True
        return message, after

    def _next_start(self, at: int, end: int) -> int:
        """Return the next place where a message or a packet may begin."""
        dollar = self._bytes.find(b"$", at, end)
        text = _START.search(self._bytes, at, end)
        places = [place for place in (dollar, text.start() if text else -1) if place >= 0]
        # A start that is cut off by the end of what was read is found with the next read.
        return min(places) if places else max(at, end - _LONGEST_START)

    def _skip(self, at: int, to: int) -> int:
        count = to - at
        if not self.understood and len(self._strange) < _SHOWN_BYTES:
            self._strange += self._view[at : min(to, at + _SHOWN_BYTES)]
        self.skipped += count
        self._skipping += count
        limit = MAX_SKIPPED_BYTES if self.understood else MAX_STRANGE_START_BYTES
        if self._skipping > limit:
            raise MalformedError(f"{self._skipping} bytes in a row that are not RTSP")
        return to


_ignore = each(_pass_over)

_STARTS = (
    b"RTSP/1", b"HTTP/1", b"OPTIONS ", b"ANNOUNCE ", b"DESCRIBE ", b"SETUP ", b"PLAY ", b"PAUSE ",
    b"RECORD ", b"TEARDOWN ", b"REDIRECT ", b"GET_PARAMETER ", b"SET_PARAMETER ",
)  # fmt: skip


def _begins(data: bytes | bytearray) -> bool:
    """Whether `data` is the beginning of a start that is not whole yet."""
    return any(start.startswith(bytes(data)) for start in _STARTS)


assert BUFFER_BYTES >= MAX_HEAD_BYTES + MAX_BODY_BYTES + _FRAME_ROOM
assert FIRST_BYTES >= _FRAME_ROOM + LEAST_ROOM
