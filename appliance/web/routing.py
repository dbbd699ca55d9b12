"""Routes of the web process: every one names the permission it needs, or it cannot exist.

A module of the API offers ``routes() -> list[Route]`` and, where it needs something started and
stopped with the application, ``lifetime(app)``, an async generator for `Application.cleanup_ctx`.
The application asks for `Route.permission` before the handler runs.  Where the permission is per
channel, that first question is "on any channel"; the handler asks again with the channel it
touches (`request_access(request).require(...)` or ``.visible(...)``), and an answer of a handler
that never did is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

from appliance.accounts.failures import LOOPBACK, place_of
from appliance.accounts.permission import Permission, User, allowed, allowed_channels
from appliance.text import _
from appliance.web.errors import ApiError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_BODY_BYTES = 256 * 1024
_PATH = re.compile(r"(/[a-z0-9_.-]+|/\{[a-z_]+(:[^{}]+)?\})+|/")


@dataclass(frozen=True, slots=True)
class Route:
    """One entry of the API.

    `path` is aiohttp's ("/api/v1/channels/{id}").  `query`, `body` and `answer` are pydantic models
    for OpenAPI (and for `appliance.web.reading`); with `answer_list` the answer is a list of
    `answer`, with `answer_type` it is not JSON but of that media type.  `body_bytes` bounds the
    request body.  `errors` lists the codes worth documenting.  Without `keeps_session` a request is
    no use of the session whose cookie comes with it.  `enrolling`: also for who has to set up a
    second factor before anything else.
    """

    method: str
    path: str
    handler: Handler
    permission: Permission
    summary: str = ""
    tag: str = "general"
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    answer_list: bool = False
    answer_type: str = "application/json"
    status: int = 200
    websocket: bool = False
    body_bytes: int = DEFAULT_BODY_BYTES
    errors: tuple[str, ...] = ()
    keeps_session: bool = True
    enrolling: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be served safely."""
        if not isinstance(self.permission, Permission):
            raise TypeError(f"{self.method} {self.path} names no permission")
        if self.method not in METHODS:
            raise ValueError(f"{self.path}: method {self.method!r} is not one of {METHODS}")
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"{self.path!r} is no path of the API")


class Registry:
    """All routes of the process; the only way a handler gets into the application."""

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._routes: dict[tuple[str, str], Route] = {}
        self.add(routes)

    def add(self, routes: Iterable[Route]) -> None:
        """Register; raises ValueError where a method and path are there already."""
        for route in routes:
            key = (route.method, canonical_path(route.path))
            if key in self._routes:
                raise ValueError(f"{route.method} {route.path} is registered twice")
            self._routes[key] = route

    def install(self, app: web.Application) -> None:
        """Let `app` serve every route; HEAD is answered wherever GET is."""
        for route in self:
            if route.method == "GET":
                app.router.add_get(route.path, route.handler, allow_head=not route.websocket)
            else:
                app.router.add_route(route.method, route.path, route.handler)

    def __iter__(self) -> Iterator[Route]:
        """In the order of registration."""
        return iter(self._routes.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._routes)

    def find(self, request: web.Request) -> Route | None:
        """Return the route that aiohttp matched for `request`, None if it matched none of ours."""
        resource = request.match_info.route.resource
        if resource is None:
            return None
        method = "GET" if request.method == "HEAD" else request.method
        return self._routes.get((method, resource.canonical))


def canonical_path(path: str) -> str:
    """Return `path` without the patterns of its parameters: "/a/{id:[0-9]+}" is "/a/{id}"."""
    return re.sub(r"\{([a-z_]+):[^{}]+\}", r"{\1}", path)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked, from where, and how: "browser", "token" (with the id of its record) or "local".

    `local` is a browser or screen on the box itself; nobody who is signed in is "nobody".
    """

    name: str
    address: str
    how: str
    token: str = ""


@dataclass(slots=True)
class Access:
    """What the person behind a request may do.

    `session` is the id of their session ("" when nobody is signed in, or an API token of id
    `token` asks): never the secret.  `alive` turns false when the session ends, or may do something
    else than before, while a WebSocket or a transfer of it still goes on.
    """

    user: User | None
    address: str
    session: str = ""
    _alive: Callable[[], bool] = field(default=lambda: True)
    token: str = field(default="", kw_only=True)
    asked: bool = field(default=False, init=False)

    @property
    def origin(self) -> Origin:
        """Return who asks, from where and how."""
        how = "local" if place_of(self.address) == LOOPBACK else "browser"
        name = self.user.name if self.user else "nobody"
        return Origin(name, self.address, "token" if self.token else how, self.token)

    @property
    def alive(self) -> bool:
        """Whether the session still holds; asked by what outlives a request."""
        return self._alive()

    def may(self, permission: Permission, channel: int | None = None) -> bool:
        """Decide, without raising."""
        if channel is not None:
            self.asked = True
        user = self.user if self.alive else None
        return allowed(user, permission, channel)

    def require(self, permission: Permission, channel: int | None = None) -> None:
        """Raise ApiError 401 (nobody is signed in) or 403 (not allowed) unless allowed.

        The refusal is the same whether or not the channel exists.
        """
        if self.may(permission, channel):
            return
        if self.user is None or not self.alive:
            raise login_required()
        raise not_allowed()

    def visible(self, permission: Permission, channels: Iterable[int]) -> list[int]:
        """Return those of `channels` on which the person has `permission`."""
        self.asked = True
        return allowed_channels(self.user if self.alive else None, permission, channels)

    def channels_of(self, permission: Permission) -> frozenset[int] | None:
        """Return the channels on which the person has `permission`, None for all of them."""
        self.asked = True
        return self.user.channels_of(permission) if self.user and self.alive else frozenset()

    def require_everywhere(self, permission: Permission) -> None:
        """Raise unless allowed on all channels, also later ones: for what tells of any of them."""
        self.require(permission)
        if self.channels_of(permission) is not None:
            raise not_allowed()

    def require_all(self, permission: Permission, channels: Sequence[int]) -> None:
        """Raise unless allowed on every one of `channels`."""
        self.asked = True
        for channel in channels:
            self.require(permission, channel)


_ACCESS = "appliance.web.access"


def request_access(request: web.Request) -> Access:
    """Return what the person behind `request` may do; nothing where the guard did not run."""
    access = request.get(_ACCESS)
    if not isinstance(access, Access):
        return Access(user=None, address="")
    return access


def set_access(request: web.Request, access: Access) -> None:
    """Remember `access` for `request`; for the guard of the application and for tests."""
    request[_ACCESS] = access


def login_required() -> ApiError:
    """Return the error for somebody who is not signed in."""
    return ApiError(401, "login_required", _("Sign in first, or again: the session has ended."))


def not_allowed() -> ApiError:
    """Return the error for somebody whose account does not have the right."""
    return ApiError(
        403,
        "not_allowed",
        _("This account does not have the right to do this. Ask whoever manages the accounts."),
    )
