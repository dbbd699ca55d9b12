"""A domain of the helper: what its verbs are, and which programs and files they may use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from appliance.helper.contract import Answer, Request, answer_type
from appliance.helper.host import Host

MAX_TIMEOUT_S = 600.0

R = TypeVar("R", bound=Request[Any])
H = TypeVar("H", bound=Callable[..., Awaitable[Answer]])
Handler = Callable[[Any, Host], Awaitable[Answer]]
Starter = Callable[[Host], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing the helper can do."""

    request: type[Request[Any]]
    answer: type[Answer]
    handler: Handler


class Domain:
    """The verbs of one subject.

    `programs`: names to absolute paths.  `files`: absolute paths; the last part may be a pattern
    ("/etc/ssh/keys/*.pub").  The host handed to a verb knows no others.
    """

    def __init__(
        self, name: str, *, programs: Mapping[str, str] | None = None, files: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.programs = dict(programs or {})
        self.files = tuple(files)
        self.verbs: dict[str, Verb] = {}
        self.starters: list[Starter] = []
        for path in (*self.programs.values(), *self.files):
            if not path.startswith("/") or ".." in path.split("/"):
                raise ValueError(f"{path} of {name} is not absolute")

    def verb(
        self, request: type[R]
    ) -> Callable[[Callable[[R, Host], Awaitable[Answer]]], Callable[[R, Host], Awaitable[Answer]]]:
        """Let a function answer `request`; raise ValueError for what cannot be served safely."""
        name = request.verb
        if not name.startswith(f"{self.name}.") or name in self.verbs:
            raise ValueError(f"{name!r} is no new verb of {self.name}")
        if not 0 < request.timeout_s <= MAX_TIMEOUT_S:
            raise ValueError(f"{name} needs a time limit of up to {MAX_TIMEOUT_S:g} s")

        def register(
            handler: Callable[[R, Host], Awaitable[Answer]],
        ) -> Callable[[R, Host], Awaitable[Answer]]:
            self.verbs[name] = Verb(request, answer_type(request), handler)
            return handler

        return register

    def on_start(self, starter: Starter) -> Starter:
        """Await `starter(host)` once when the helper starts: undo what was left half done."""
        self.starters.append(starter)
        return starter
