"""The guard in front of every handler: who asks, may they, does the request come from our page."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from appliance.accounts.permission import Permission
from appliance.accounts.sessions import csrf_token
from appliance.text import _
from appliance.web.bearer import TOKENS, bearer_of
from appliance.web.connections import Connections
from appliance.web.context import CONTEXT
from appliance.web.cookies import token_of
from appliance.web.errors import ApiError
from appliance.web.hosts import HostNames, same_origin
from appliance.web.reading import REGISTRY, not_found
from appliance.web.routing import (
    SAFE_METHODS,
    Access,
    Origin,
    Route,
    request_access,
    set_access,
)
from appliance.web.session_keeper import SESSIONS

HOSTS = web.AppKey("hosts", HostNames)
CONNECTIONS = web.AppKey("connections", Connections)
CSRF_HEADER = "X-CSRF-Token"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = logging.getLogger(__name__)


@web.middleware
async def errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer every error as JSON with code and text; count; mark the connection as busy."""
    request.config_dict[CONTEXT].counters.requests += 1
    with request.config_dict[CONNECTIONS].busy(request.protocol):
        try:
            return await handler(request)
        except ApiError as error:
            return error.response()
        except web.HTTPException as error:
            return _of_http(error)
        except ConnectionError:
            if request.transport is None or request.transport.is_closing():
                raise  # the client has gone; aiohttp knows what to do
            _log.exception(
                "%s %s lost a connection inside the box", request.method, _route(request)
            )
        except Exception:  # noqa: BLE001 - whatever breaks in a handler ends here, once
            _log.exception("%s %s broke", request.method, _route(request))
        return _broken().response()


def _route(request: web.Request) -> str:
    """Return the pattern of the address: an address may hold a token, which no log may."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "?"


@web.middleware
async def guard(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Let a request through to its handler, or refuse it; what has no route is not there."""
    # Not request.host: without the header that asks the resolver, and waits for it.
    if not request.config_dict[HOSTS].allows(request.headers.get("Host", "")):
        raise ApiError(
            421,
            "unknown_host",
            _(
                "The box does not answer to this name. Use its address, or enter the name "
                "under System, Web access, Further names."
            ),
        )
    route = request.config_dict[REGISTRY].find(request)
    if route is None:
        if request.match_info.http_exception is None:
            raise not_found()
        return await handler(request)  # aiohttp's 404 or 405
    access = _access(request, use=route.keeps_session)
    set_access(request, access)
    _check_origin(request, route, access)
    _check_enrolled(route, access)
    access.require(route.permission)
    response = await handler(request)
    if route.permission.per_channel and not route.websocket and not access.asked:
        _log.error("%s %s asked no channel; its answer is withheld", route.method, route.path)
        raise _broken()
    return response


def _broken() -> ApiError:
    text = _("This went wrong inside the box; its log says why. Everything else goes on.")
    return ApiError(500, "failed", text)


def _access(request: web.Request, *, use: bool) -> Access:
    address = request.remote or ""
    bearer = bearer_of(request)
    if bearer is not None:
        return _token_access(request, bearer, address)
    token = token_of(request)
    session = request.config_dict[SESSIONS].find(token, use=use) if token else None
    if session is None:
        return Access(user=None, address=address)
    user = session.user
    return Access(user, address, session.id, lambda: not session.ended and session.user is user)


def _token_access(request: web.Request, bearer: str, address: str) -> Access:
    """Return what an API token may do: no cookie counts beside it, so no other site can use it."""
    tokens = request.config_dict[TOKENS]
    held = tokens.find(bearer)
    if held is None:
        raise ApiError(
            401,
            "bad_token",
            _(
                "This API token is not in force: it was revoked, has expired, ended with its "
                "owner's old password, or is mistyped."
            ),
            headers={"WWW-Authenticate": "Bearer"},
        )
    return Access(held.user, address, "", lambda: not tokens.is_over(held), token=held.id)


def _check_origin(request: web.Request, route: Route, access: Access) -> None:
    if request.method in SAFE_METHODS and not route.websocket:
        return
    if not same_origin(request):
        raise ApiError(
            403, "foreign_origin", _("Another site asked for this, not the page of the box.")
        )
    if route.websocket or route.permission is Permission.PUBLIC or access.user is None:
        return
    if access.token:
        return  # no browser adds a token by itself
    expected = csrf_token(token_of(request))
    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(expected.encode(), sent.encode("utf-8", "replace")):
        raise ApiError(
            403,
            "csrf",
            _(
                "The page is out of date: load it again. (Header {header} is missing or wrong.)"
            ).format(header=CSRF_HEADER),
        )


def _check_enrolled(route: Route, access: Access) -> None:
    """Refuse everything but setting it up to whoever still needs a second factor."""
    if access.user is None or not access.user.enrol or route.permission is Permission.PUBLIC:
        return
    if not route.enrolling:
        raise ApiError(
            403,
            "factor_needed",
            _("Your group asks for a second factor. Set it up first, under Own account."),
        )


def _of_http(error: web.HTTPException) -> web.StreamResponse:
    codes = {404: "not_found", 405: "wrong_method", 413: "too_large"}
    if error.status < 400:
        return error
    texts = {
        404: _("There is nothing at this address."),
        405: _("This address does not take {method} requests."),
        413: _("The request is too long."),
    }
    method = getattr(error, "method", "")
    text = texts.get(error.status, error.reason).format(method=method)
    answer = ApiError(error.status, codes.get(error.status, f"http_{error.status}"), text)
    allow = error.headers.get("Allow")
    if allow:
        answer.headers["Allow"] = allow
    return answer.response()


def requester(request: web.Request) -> str:
    """Return who asks, for the record of changes: "admin@192.168.1.20"."""
    who = origin(request)
    return f"{who.name}@{who.address}"


def origin(request: web.Request) -> Origin:
    """Return who asks, from where and how, for whatever keeps a record of it."""
    return request_access(request).origin
