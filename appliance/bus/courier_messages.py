"""Shapes of what goes over the bus about the courier.  Times are ms UTC, sizes bytes.

Requests to `courier`, and what they answer:

    courier.deliver Delivery              {id}; of the supervisor, analytics and jobs.  It is in the
                                          spool then, there after a restart, tried until `expires_s`
    courier.status {}                     CourierStatus; faces
    courier.retry {outlet}                {}: what failed is tried at once; faces
    courier.test_log {values}             {text}: one line to a log server, not by the spool; web

Outlets: ``ping`` (body PingBody).  The outlet ``log`` fetches by itself what it sends.

Topics:

    courier.delivered Delivered           of everything but lines of the log
    log.grown {id}                        supervisor: there is an entry for `log.since`
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # pydantic reads that of typing from Python 3.12 on only


class PingBody(TypedDict):
    """A URL to be called; 2xx is success.  `text` goes along with a POST."""

    url: str
    method: NotRequired[Literal["GET", "POST"]]
    text: NotRequired[str]


class Delivery(TypedDict):
    """Something to be delivered outside.

    Of two with the same `key` (at most 64 characters) only the newer one is; without a key each.
    After `expires_s` it is given up; without, it is tried as long as it has room in the spool.
    """

    outlet: str
    body: dict[str, Any]
    key: NotRequired[str]
    expires_s: NotRequired[float]


class Delivered(TypedDict):
    """How it ended for one message; `text` says why it was not delivered."""

    id: int
    outlet: str
    key: str
    delivered: bool
    text: str
    at: int


class OutletStatus(TypedDict):
    """How an outlet fares; counts since the courier started.  `last`: the last success."""

    outlet: str
    ready: bool
    waiting: int
    bytes: int
    oldest: int | None
    delivered: int
    refused: int
    expired: int
    dropped: int
    failing_since: int | None
    error: str
    last: int | None


class SenderStatus(TypedDict):
    """A device that sends its log here; `name` is that of its entry in the settings."""

    address: str
    name: str
    lines: int
    dropped: int
    last: int


class InboxStatus(TypedDict):
    """The log server of the box: what was refused because of its address, and who sends."""

    listening: bool
    fault: str
    foreign: int
    last_foreign: str
    senders: list[SenderStatus]


class CourierStatus(TypedDict):
    """Answer of courier.status."""

    outlets: list[OutletStatus]
    inbox: InboxStatus
