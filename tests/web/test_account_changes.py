"""A change of accounts while the supervisor is busy, and what follows from one made elsewhere."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.accounts.permission import User
from appliance.web import session_keeper
from appliance.web.session_keeper import SESSIONS

PASSWORD = "Lantern7Field"
ANNA = {"name": "anna", "password": PASSWORD, "group": "user"}


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_change_that_was_made_is_answered_so_and_takes_effect_as_soon_as_can_be(
    admin: Any, box: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_keeper, "RETRY_S", 0.01)
    assert (await admin.ask("POST", "/api/v1/users", ANNA))[0] == 201
    _token, session = app[SESSIONS].create(User("anna", generation=1), "10.0.0.7")
    box.busy.add("accounts.follow")
    assert (await admin.ask("DELETE", "/api/v1/users/anna"))[0] == 204
    assert not session.ended
    box.busy.clear()
    await until(lambda: session.ended)


async def test_the_session_that_changes_its_own_password_goes_on_even_then(
    admin: Any, box: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_keeper, "RETRY_S", 0.01)
    (own,) = app[SESSIONS].all()
    _token, other = app[SESSIONS].create(own.user, "10.0.0.7")
    box.busy.add("accounts.follow")
    body = {"old": PASSWORD, "new": "Harbour8Stone"}
    assert (await admin.ask("POST", "/api/v1/password", body))[0] == 200
    box.busy.clear()
    await until(lambda: other.ended)
    assert not own.ended
    assert (await admin.ask("GET", "/api/v1/session"))[0] == 200


async def test_a_change_that_could_not_be_asked_for_is_503_and_is_not_made(
    admin: Any, box: Any
) -> None:
    before = (await admin.ask("GET", "/api/v1/users"))[1]

    box.busy.add("accounts.put_user")
    status, answer = await admin.ask("POST", "/api/v1/users", ANNA)
    assert (status, answer["code"]) == (503, "bus.busy")
    assert "try again" in answer["text"]
    box.busy.clear()
    assert (await admin.ask("GET", "/api/v1/users"))[1] == before


async def test_what_was_changed_elsewhere_ends_sessions_at_once(
    admin: Any, box: Any, app: Any
) -> None:
    """The reset button at the box: the page is back at the first set-up."""
    await box.accounts.reset()
    box.server.publish("accounts.changed", {})
    await until(lambda: not app[SESSIONS].all())
    _status, state = await admin.ask("GET", "/api/v1/setup")
    assert (state["initialised"], state["signed_in"]) == (False, False)
    admin.csrf = ""
    await admin.set_up(box)
    assert (await admin.ask("GET", "/api/v1/users"))[0] == 200
