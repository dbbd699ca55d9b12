"""Sessions in the web process: saved beside the loop, following accounts, without the supervisor.

A request of somebody signed in is decided from memory; the supervisor is asked for the accounts
when it (re)appears and once a minute, so that a change made elsewhere ends sessions.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

from appliance.accounts.core import user_from_json
from appliance.accounts.permission import User
from appliance.accounts.sessions import Session, Sessions
from appliance.bus.errors import BusError
from appliance.web import websocket
from appliance.web.asking import is_away
from appliance.web.bearer import TOKENS, Held
from appliance.web.context import CONTEXT

SAVE_S = 5.0
FOLLOW_S = 60.0
RETRY_S = 1.0
SESSIONS = web.AppKey("sessions", Sessions)
CHANGED_S = web.AppKey("passwords_changed", dict[str, int])
"""When each account's password was set, UTC seconds."""


@dataclass(slots=True)
class Following:
    """That accounts have to be asked for, and the sessions that change what proves their own.

    Those go on: `but` are all of them, `done` those whose change was made.
    """

    due: asyncio.Event = field(default_factory=asyncio.Event)
    but: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)


FOLLOWING = web.AppKey("following", Following)
_log = logging.getLogger(__name__)


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Load the sessions, keep them saved and in line with the accounts while the process runs."""
    sessions = app[SESSIONS]
    app[CHANGED_S] = {}
    state = app[FOLLOWING] = Following()
    await asyncio.to_thread(sessions.load)
    closing: set[asyncio.Task[None]] = set()

    def close_sockets(owner: Session | Held) -> None:
        task = asyncio.create_task(websocket.close_owned(app, owner.id))
        closing.add(task)
        task.add_done_callback(closing.discard)

    sessions.on_end(close_sockets)
    sessions.on_change(close_sockets)  # the page asks who it is, and opens them again
    app[TOKENS].on_end(close_sockets)
    app[CONTEXT].bus.on_connect(lambda: follow(app))
    app[CONTEXT].bus.subscribe("accounts.changed", lambda _change: state.due.set())
    tasks = [
        asyncio.create_task(_keep_saved(app), name="save sessions"),
        asyncio.create_task(_keep_following(app), name="follow accounts"),
    ]
    yield
    for task in (*tasks, *closing):
        task.cancel()
    await asyncio.gather(*tasks, *closing, return_exceptions=True)
    await save(sessions)


async def save(sessions: Sessions) -> None:
    """Write the file if there is something new; a failure is logged once and tried again."""
    if not sessions.changed:
        return
    try:
        await asyncio.to_thread(sessions.save)
    except OSError as error:
        if not sessions.unsaved:
            _log.warning("Sessions are not stored, a restart will sign people out: %s", error)
        sessions.unsaved = True
    else:
        sessions.unsaved = False


@contextlib.asynccontextmanager
async def following(app: web.Application, *, but: str = "") -> AsyncIterator[None]:
    """Follow the change of accounts made within, now or as soon as the supervisor answers.

    The session `but` goes on: it changes what proves its own account.
    """
    state = app[FOLLOWING]
    if but:
        state.but.add(but)
    try:
        yield
    except BusError as error:
        if is_away(error):  # it may have been done all the same
            state.done |= {but} & state.but
            state.due.set()
        else:
            state.but.discard(but)
        raise
    except BaseException:
        state.but.discard(but)
        raise
    state.done |= {but} & state.but
    try:
        await follow(app)
    except BusError as error:
        _log.warning("Sessions will follow a change of accounts in a moment: %s", error.text)
        state.due.set()
    await save(app[SESSIONS])


async def follow(app: web.Application) -> None:
    """Take over what accounts and tokens may do now; what is over ends.  Raises BusError."""
    state = app[FOLLOWING]
    done = set(state.done)
    answer = await app[CONTEXT].bus.request("accounts.follow")
    but = set(state.but)
    state.but -= done
    state.done -= done
    known: dict[str, User] = {}
    for value in answer["users"]:
        user = user_from_json(value)
        known[user.name] = user
    app[SESSIONS].follow(known, but=but)
    app[TOKENS].follow(answer["tokens"], known)
    changed = app[CHANGED_S]
    changed.clear()
    changed |= {str(u["name"]): int(u["changed_utc_s"]) for u in answer["users"]}


async def _keep_saved(app: web.Application) -> None:
    sessions = app[SESSIONS]
    while True:
        await asyncio.sleep(SAVE_S)
        sessions.touch(websocket.sessions_with_sockets(app))
        sessions.sweep()
        app[TOKENS].sweep()
        await save(sessions)


async def _keep_following(app: web.Application) -> None:
    due = app[FOLLOWING].due
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FOLLOW_S):
                await due.wait()
        asked = due.is_set()
        due.clear()
        try:
            await follow(app)
            used = app[TOKENS].take_used()
            if used:
                await app[CONTEXT].bus.request("accounts.tokens_used", {"used": used})
        except BusError:
            if asked:
                due.set()
                await asyncio.sleep(RETRY_S)
