"""Errors of the bus: what a request answers when it cannot be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class BusError(Exception):
    """A request failed: `code` is stable and for programs, `text` is for people.

    `fields` names what was wrong with single fields of what was sent, each with path, code, text.

    Codes of the bus itself: "bus.disconnected" (no supervisor), "bus.timeout" (no answer in time),
    "bus.no_peer", "bus.no_method", "bus.forbidden", "bus.bad_frame", "bus.too_large", "bus.busy",
    "bus.failed" (the handler itself broke; its log says why).
    """

    def __init__(
        self, code: str, text: str, *, fields: Sequence[Mapping[str, str]] | None = None
    ) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.fields = [dict(field) for field in fields or ()]


class FrameError(BusError):
    """What came over the socket is not a frame of this protocol."""

    def __init__(self, text: str) -> None:
        super().__init__("bus.bad_frame", text)
