"""Accounts over the API: people, groups, sessions, tokens, second factor, a lost password."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient

from appliance.accounts import totp
from appliance.web.bearer import TOKENS
from appliance.web.session_keeper import follow
from appliance.web.sign_in import SIGN_IN

PASSWORD = "Lantern7Field"
SignedIn = Callable[..., Awaitable[Any]]


@pytest.fixture
async def visitor(admin: Any) -> AsyncIterator[Callable[[], Any]]:
    """Return further browsers at the same box, nobody signed in yet."""
    clients: list[TestClient[Any, Any]] = []

    def make() -> Any:
        client: TestClient[Any, Any] = TestClient(admin.client.server)
        clients.append(client)
        return type(admin)(client)

    yield make
    for client in clients:
        await client.session.close()


@pytest.fixture
async def sign_in(visitor: Callable[[], Any]) -> SignedIn:
    async def enter(name: str, password: str = PASSWORD, **more: Any) -> Any:
        page = visitor()
        body = {"user": name, "password": password, **more}
        status, answer = await page.ask("POST", "/api/v1/login", body)
        assert status == 200, answer
        page.csrf = answer["csrf"]
        page.answer = answer
        return page

    return enter


async def add(admin: Any, name: str, **values: Any) -> Any:
    body = {"name": name, "password": PASSWORD, "group": "user", **values}
    status, answer = await admin.ask("POST", "/api/v1/users", body)
    assert status == 201, answer
    return answer


async def login(page: Any, name: str, password: str = PASSWORD, **more: Any) -> Any:
    return await page.ask("POST", "/api/v1/login", {"user": name, "password": password, **more})


async def test_a_new_user_sees_what_was_given_and_nothing_else(
    admin: Any, box: Any, sign_in: SignedIn
) -> None:
    await add(admin, "anna", rights={"live": [1], "events": [1]})
    anna = await sign_in("anna")
    assert anna.answer["rights"] == {"live": [1], "events": [1]}
    status, channels = await anna.ask("GET", "/api/v1/channels")
    assert (status, [channel["id"] for channel in channels]) == (200, [1])
    assert (await anna.ask("GET", "/api/v1/users"))[0] == 403
    assert (await anna.ask("GET", "/api/v1/status"))[0] == 403
    status, answer = await anna.ask("GET", "/api/v1/events")
    assert {event["channel"] for event in answer["events"]} == {1}


async def test_a_right_that_is_taken_away_ends_what_used_it_and_the_person_stays_signed_in(
    admin: Any, box: Any, sign_in: SignedIn
) -> None:
    await add(admin, "anna")
    anna = await sign_in("anna")
    headers = {"Origin": str(anna.client.make_url("")).rstrip("/")}
    async with anna.client.ws_connect("/api/v1/feed", headers=headers) as feed:
        status, _answer = await admin.ask("PATCH", "/api/v1/users/anna", {"rights": {"live": [3]}})
        assert status == 200
        while (message := await feed.receive(timeout=5)).type not in (
            WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING,
        ):  # fmt: skip
            pass
        assert message.data == 4401
    status, session = await anna.ask("GET", "/api/v1/session")
    assert (status, session["rights"]) == (200, {"live": [3]})
    _status, channels = await anna.ask("GET", "/api/v1/channels")
    assert [channel["id"] for channel in channels] == [3]


async def test_every_wrong_field_of_a_user_is_told_in_place(admin: Any, box: Any) -> None:
    body = {"name": "аdmin", "password": PASSWORD, "group": "gone", "mac": "x"}
    status, answer = await admin.ask("POST", "/api/v1/users", body)
    assert status == 422
    assert {field["path"] for field in answer["fields"]} == {"name", "group", "mac"}
    status, answer = await admin.ask("POST", "/api/v1/users", {**body, "password": "short"})
    assert status == 422
    assert {field["path"] for field in answer["fields"]} == {"password"}
    status, answer = await admin.ask("GET", "/api/v1/users")
    assert [user["name"] for user in answer["users"]] == ["admin"]


async def test_a_form_of_10_mb_is_refused(admin: Any, box: Any) -> None:
    body = {"name": "anna", "password": PASSWORD, "remarks": "x" * 10_000_000}
    status, answer = await admin.ask("POST", "/api/v1/users", body)
    assert (status, answer["code"]) == (413, "too_large")


async def test_two_administrators_who_edit_the_same_user(admin: Any, box: Any) -> None:
    anna = await add(admin, "anna")
    change = {"remarks": "one", "revision": anna["revision"]}
    assert (await admin.ask("PATCH", "/api/v1/users/anna", change))[0] == 200
    status, answer = await admin.ask(
        "PATCH", "/api/v1/users/anna", {"remarks": "two", "revision": anna["revision"]}
    )
    assert (status, answer["code"]) == (412, "accounts.stale")


async def test_a_removed_user_is_out_at_once(admin: Any, box: Any, sign_in: SignedIn) -> None:
    await add(admin, "anna")
    anna = await sign_in("anna")
    assert (await admin.ask("DELETE", "/api/v1/users/anna"))[0] == 204
    assert (await anna.ask("GET", "/api/v1/session"))[0] == 401
    assert (await login(anna, "anna"))[0] == 401


async def test_the_last_administrator_stays(admin: Any, box: Any) -> None:
    status, answer = await admin.ask("DELETE", "/api/v1/users/admin")
    assert (status, answer["code"]) == (409, "accounts.last_admin")
    status, answer = await admin.ask("PATCH", "/api/v1/users/admin", {"group": "user"})
    assert (status, answer["fields"][0]["code"]) == (422, "accounts.last_admin")


async def test_a_group_in_use_is_not_removed(admin: Any, box: Any) -> None:
    body = {"name": "night", "rights": {"live": "*"}}
    assert (await admin.ask("POST", "/api/v1/groups", body))[0] == 201
    await add(admin, "anna", group="night")
    status, answer = await admin.ask("DELETE", "/api/v1/groups/night")
    assert (status, answer["code"]) == (409, "accounts.in_use")
    assert "anna" in answer["text"]


async def test_sessions_are_listed_and_ended(admin: Any, box: Any, sign_in: SignedIn) -> None:
    await add(admin, "anna")
    anna = await sign_in("anna")
    _status, own = await anna.ask("GET", "/api/v1/sessions")
    assert [(s["user"], s["here"]) for s in own["sessions"]] == [("anna", True)]
    _status, every = await admin.ask("GET", "/api/v1/sessions")
    assert sorted(s["user"] for s in every["sessions"]) == ["admin", "anna"]
    theirs = next(s["id"] for s in every["sessions"] if s["user"] == "admin")
    assert (await anna.ask("DELETE", f"/api/v1/sessions/{theirs}"))[0] == 404
    assert (await admin.ask("DELETE", f"/api/v1/sessions/{own['sessions'][0]['id']}"))[0] == 204
    assert (await anna.ask("GET", "/api/v1/session"))[0] == 401
    told = [p["kind"] for method, p in box.asked if method == "events.raise"]
    assert "session_ended" in told


async def test_a_blocked_user_is_told_until_when(
    admin: Any, box: Any, sign_in: SignedIn, visitor: Any
) -> None:
    await add(admin, "anna")
    anna = await sign_in("anna")
    assert (await admin.ask("POST", "/api/v1/users/anna/block", {"minutes": 5}))[0] == 200
    assert (await anna.ask("GET", "/api/v1/session"))[0] == 401
    status, answer = await login(visitor(), "anna")
    assert (status, answer["code"]) == (403, "blocked")
    status, answer = await login(visitor(), "anna", "Wrong7Field")
    assert (status, answer["code"]) == (401, "wrong_password")  # says nothing of the account
    assert (await admin.ask("POST", "/api/v1/users/anna/block", {"minutes": 0}))[0] == 200
    assert (await login(visitor(), "anna"))[0] == 200


async def test_a_password_from_above_ends_the_old_one(
    admin: Any, box: Any, sign_in: SignedIn, visitor: Any
) -> None:
    await add(admin, "anna")
    anna = await sign_in("anna")
    body = {"password": "Harbour8Stone"}
    assert (await admin.ask("POST", "/api/v1/users/anna/password", body))[0] == 204
    assert (await anna.ask("GET", "/api/v1/session"))[0] == 401
    assert (await login(visitor(), "anna"))[0] == 401
    assert (await login(visitor(), "anna", "Harbour8Stone"))[0] == 200


async def test_an_old_password_is_said_to_be_old(
    admin: Any, app: web.Application, wall: Any
) -> None:
    app[SIGN_IN].ask_of_passwords(3, 30)
    await follow(app)
    assert not (await admin.ask("GET", "/api/v1/session"))[1]["renew"]
    wall.now += 31 * 86_400
    _status, answer = await login(admin, "admin")
    assert answer["renew"]


async def test_the_hint_is_told_at_the_box(admin: Any, box: Any, visitor: Any) -> None:
    await add(admin, "anna", hint="the boat")
    status, answer = await login(visitor(), "anna", "Wrong7Field")
    assert (status, answer["hint"]) == (401, "the boat")


async def test_the_hint_of_a_higher_account_is_not_told(
    admin: Any, box: Any, sign_in: SignedIn
) -> None:
    assert (await admin.ask("PATCH", "/api/v1/users/admin", {"hint": "the boat"}))[0] == 200
    body = {"name": "clerks", "rights": {"accounts": "*", "live": "*"}}
    assert (await admin.ask("POST", "/api/v1/groups", body))[0] == 201
    await add(admin, "clerk", group="clerks", hint="my own")
    for page, hints in ((admin, {"the boat", "my own"}), (await sign_in("clerk"), {"", "my own"})):
        _status, answer = await page.ask("GET", "/api/v1/users")
        assert {user["hint"] for user in answer["users"]} == hints


async def test_a_session_does_not_outlive_a_password_from_above_by_acting(
    admin: Any, box: Any, sign_in: SignedIn
) -> None:
    """Whoever holds it may act in the moment between the change and its taking effect here."""
    await add(admin, "anna")
    await sign_in("anna")
    held = await sign_in("anna")
    methods = box.accounts.methods()
    new = (await methods["accounts.lookup"]({"user": "admin"}))["hash"]
    by = {"name": "admin", "rights": "*"}
    await methods["accounts.set_password"]({"by": by, "user": "anna", "hash": new})
    _status, own = await held.ask("GET", "/api/v1/sessions")
    other = next(session["id"] for session in own["sessions"] if not session["here"])
    assert (await held.ask("DELETE", f"/api/v1/sessions/{other}"))[0] == 204
    assert (await held.ask("GET", "/api/v1/session"))[0] == 401


# -- API tokens --------------------------------------------------------------------------------


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def make_token(page: Any, rights: Any, **more: Any) -> Any:
    body = {"name": "wall", "rights": rights, "password": PASSWORD, **more}
    status, answer = await page.ask("POST", "/api/v1/tokens", body)
    assert status == 201, answer
    return answer


async def test_a_token_does_what_it_was_given_and_no_more(
    admin: Any, box: Any, visitor: Any
) -> None:
    made = await make_token(admin, {"status": "*", "live": [1]})
    program = visitor()
    assert (await program.ask("GET", "/api/v1/status", **bearer(made["token"])))[0] == 200
    _status, channels = await program.ask("GET", "/api/v1/channels", **bearer(made["token"]))
    assert [channel["id"] for channel in channels] == [1]
    for path in ("/api/v1/users", "/api/v1/events", "/api/v1/settings/general"):
        status, answer = await program.ask("GET", path, **bearer(made["token"]))
        assert (status, answer["code"]) == (403, "not_allowed")
    status, tokens = await admin.ask("GET", "/api/v1/tokens")
    assert status == 200
    assert made["token"] not in str(tokens)
    assert [token["id"] for token in tokens["tokens"]] == [made["record"]["id"]]


async def test_a_token_changes_things_without_a_csrf_token_but_not_its_own_account(
    admin: Any, box: Any, visitor: Any
) -> None:
    made = await make_token(admin, {"cameras": "*"})
    session = (await admin.ask("GET", "/api/v1/sessions"))[1]["sessions"][0]["id"]
    program = visitor()
    status, answer = await program.ask(
        "PATCH", "/api/v1/settings/channels/1", {"name": "x"}, **bearer(made["token"])
    )
    assert status == 200, answer
    for method, path, body in (
        ("POST", "/api/v1/password", {"old": PASSWORD, "new": "Harbour8Stone"}),
        ("POST", "/api/v1/tokens", {"name": "more", "rights": {"cameras": "*"}, "password": "x"}),
        ("DELETE", f"/api/v1/tokens/{made['record']['id']}", None),
        ("POST", "/api/v1/second-factor", {"password": PASSWORD}),
        ("POST", "/api/v1/recovery/file", {"password": PASSWORD}),
        ("GET", "/api/v1/sessions", None),
        ("DELETE", f"/api/v1/sessions/{session}", None),
    ):
        status, answer = await program.ask(method, path, body, **bearer(made["token"]))
        assert (status, answer["code"]) == (403, "session_needed"), path


@pytest.mark.parametrize("end", ["revoked", "expired", "user removed", "user blocked"])
async def test_a_token_is_dead_once_it_is_over(
    admin: Any, box: Any, sign_in: SignedIn, visitor: Any, wall: Any, end: str
) -> None:
    await add(admin, "anna")
    anna = await sign_in("anna")
    made = await make_token(anna, {"status": "*"}, days=1)
    program, head = visitor(), bearer(made["token"])
    assert (await program.ask("GET", "/api/v1/status", **head))[0] == 200
    if end == "revoked":
        await anna.ask("DELETE", f"/api/v1/tokens/{made['record']['id']}")
    elif end == "expired":
        wall.now += 86_400 + 1
    elif end == "user removed":
        await admin.ask("DELETE", "/api/v1/users/anna")
    else:
        await admin.ask("POST", "/api/v1/users/anna/block", {"minutes": 5})
    status, answer = await program.ask("GET", "/api/v1/status", **head)
    assert (status, answer["code"]) == (401, "bad_token")


@pytest.mark.parametrize("end", ["revoked", "expired", "rights taken away"])
async def test_what_a_token_has_open_ends_with_it(
    app: web.Application, admin: Any, box: Any, sign_in: SignedIn, visitor: Any, wall: Any,
    end: str,
) -> None:  # fmt: skip
    await add(admin, "anna")
    made = await make_token(await sign_in("anna"), {"status": "*", "live": "*"}, days=1)
    program = visitor()
    async with program.client.ws_connect("/api/v1/feed", headers=bearer(made["token"])) as feed:
        assert (await feed.receive(timeout=5)).type is WSMsgType.TEXT
        if end == "revoked":
            await admin.ask("DELETE", f"/api/v1/tokens/{made['record']['id']}")
        elif end == "expired":
            wall.now += 86_400 + 1
            app[TOKENS].sweep()
        else:
            await admin.ask("PATCH", "/api/v1/users/anna", {"rights": {"live": [3]}})
        while (message := await feed.receive(timeout=5)).type is WSMsgType.TEXT:
            pass
        assert message.data == 4401


async def test_a_token_follows_its_owners_rights(
    admin: Any, box: Any, sign_in: SignedIn, visitor: Any
) -> None:
    await add(admin, "anna")
    made = await make_token(await sign_in("anna"), {"status": "*", "live": "*"})
    await admin.ask("PATCH", "/api/v1/users/anna", {"rights": {"live": [2]}})
    program, head = visitor(), bearer(made["token"])
    assert (await program.ask("GET", "/api/v1/status", **head))[0] == 403
    _status, channels = await program.ask("GET", "/api/v1/channels", **head)
    assert [channel["id"] for channel in channels] == [2]


@pytest.mark.parametrize(
    ("rights", "days", "path"),
    [
        ({}, 1, "rights"),
        ({"nonsense": "*"}, 1, "rights"),
        ({"shutdown": "*"}, 1, "rights.shutdown"),
        ({"live": [1]}, 0, "days"),
        ({"live": [1]}, 4000, "days"),
    ],
)
async def test_a_token_beyond_the_own_rights_or_for_ever_is_refused_in_place(
    admin: Any, box: Any, sign_in: SignedIn, rights: Any, days: int, path: str
) -> None:
    await add(admin, "anna")
    body = {"name": "wall", "rights": rights, "days": days, "password": PASSWORD}
    status, answer = await (await sign_in("anna")).ask("POST", "/api/v1/tokens", body)
    assert status == 422
    assert path in {field["path"] for field in answer["fields"]}


async def test_no_token_manages_accounts(admin: Any, box: Any) -> None:
    body = {"name": "x", "rights": {"accounts": "*"}, "password": PASSWORD}
    status, answer = await admin.ask("POST", "/api/v1/tokens", body)
    assert (status, answer["fields"][0]["code"]) == (422, "accounts.not_for_tokens")


@pytest.mark.parametrize("token", ["", "nvr_", "nvr_" + "x" * 43, "x" * 9000, "nvr_\u00e9"])
async def test_what_is_no_token_is_nobody(page: Any, box: Any, token: str) -> None:
    head = {"Authorization": f"Bearer {token}"}
    async with page.client.get("/api/v1/status", headers=head) as answer:
        assert answer.status in (400, 401)


# -- second factor and pattern -----------------------------------------------------------------


async def begin(page: Any, wall_s: float) -> tuple[str, list[str]]:
    status, begun = await page.ask("POST", "/api/v1/second-factor", {"password": PASSWORD})
    assert status == 200, begun
    code = totp.code_at(begun["secret"], totp.step_of(wall_s))
    status, answer = await page.ask("POST", "/api/v1/second-factor/confirm", {"code": code})
    assert status == 200, answer
    return begun["secret"], answer["spare"]


async def test_with_a_second_factor_a_password_alone_is_not_enough(
    admin: Any, box: Any, supervisor: Any, sign_in: SignedIn, visitor: Any
) -> None:
    now = supervisor.now
    secret, spare = await begin(admin, now())
    assert (await admin.ask("GET", "/api/v1/session"))[0] == 200  # who turned it on goes on
    status, answer = await login(visitor(), "admin")
    assert (status, answer["code"]) == (401, "code_needed")
    supervisor.now_s += 60
    code = totp.code_at(secret, totp.step_of(now()))
    await sign_in("admin", code=code)
    status, answer = await login(visitor(), "admin", code=code)
    assert (status, answer["code"]) == (422, "accounts.factor_wrong")  # once only
    await sign_in("admin", code=spare[0])
    assert (await login(visitor(), "admin", code=spare[0]))[0] == 422
    await sign_in("admin", code=spare[1].upper().replace("-", " "))


@pytest.mark.parametrize(("steps", "word"), [(10, "ahead"), (-10, "behind")])
async def test_a_clock_five_minutes_off_is_said_and_its_code_is_not_good_later(
    admin: Any, box: Any, supervisor: Any, visitor: Any, steps: int, word: str
) -> None:
    secret, _spare = await begin(admin, supervisor.now())
    supervisor.now_s += 600
    code = totp.code_at(secret, totp.step_of(supervisor.now()) + steps)
    status, answer = await login(visitor(), "admin", code=code)
    assert (status, answer["code"]) == (422, "accounts.factor_clock")
    assert f"about 5 min {word}" in answer["text"]
    supervisor.now_s += steps * 30  # now it would be right
    assert (await login(visitor(), "admin", code=code))[0] == 422


async def test_a_second_factor_is_taken_off_with_the_password(
    admin: Any, box: Any, supervisor: Any, visitor: Any
) -> None:
    await begin(admin, supervisor.now())
    status, answer = await admin.ask("POST", "/api/v1/second-factor/drop", {"password": "Wrong7x!"})
    assert (status, answer["fields"][0]["path"]) == (422, "password")
    drop = {"password": PASSWORD}
    assert (await admin.ask("POST", "/api/v1/second-factor/drop", drop))[0] == 204
    assert (await login(visitor(), "admin"))[0] == 200


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ([1, 2, 3], "pattern_short"),
        ([1, 2, 3, 3], "pattern_points"),
        ([1, 2, 3, 10], "pattern_points"),
    ],
)  # fmt: skip
async def test_a_pattern_needs_four_points_of_the_nine(
    admin: Any, box: Any, points: list[int], code: str
) -> None:
    body = {"password": PASSWORD, "pattern": points}
    status, answer = await admin.ask("POST", "/api/v1/pattern", body)
    assert (status, answer["fields"][0]["code"]) == (422, code)


async def test_a_pattern_signs_in_at_the_box(admin: Any, box: Any, visitor: Any) -> None:
    body = {"password": PASSWORD, "pattern": [1, 2, 3, 6]}
    assert (await admin.ask("POST", "/api/v1/pattern", body))[0] == 204
    page = visitor()
    wrong = {"user": "admin", "pattern": [1, 2, 3, 5]}
    assert (await page.ask("POST", "/api/v1/login/pattern", wrong))[0] == 401
    right = {"user": "admin", "pattern": [1, 2, 3, 6]}
    assert (await page.ask("POST", "/api/v1/login/pattern", right))[0] == 200
    assert (await login(visitor(), "admin", "1-2-3-6"))[0] == 401  # it is no password
    await admin.ask("POST", "/api/v1/pattern", {"password": PASSWORD, "pattern": []})
    assert (await visitor().ask("POST", "/api/v1/login/pattern", right))[0] == 401


# -- a lost password ---------------------------------------------------------------------------

QUESTIONS = [
    {"question": "First boat?", "answer": "Sea Gull"},
    {"question": "Name of the oak?", "answer": "Methusalem"},
]


async def test_a_recovery_file_sets_a_lost_password_anew(
    admin: Any, box: Any, supervisor: Any, visitor: Any
) -> None:
    await begin(admin, supervisor.now())
    status, made = await admin.ask("POST", "/api/v1/recovery/file", {"password": PASSWORD})
    assert status == 200
    page = visitor()
    new = "Harbour8Stone"
    body = {"route": "file", "key": "0" * 64, "password": new}
    status, answer = await page.ask("POST", "/api/v1/recovery", body)
    assert (status, answer["fields"][0]["path"]) == (422, "key")
    assert (await page.ask("POST", "/api/v1/recovery", {**body, "key": made["key"]}))[0] == 204
    assert (await admin.ask("GET", "/api/v1/session"))[0] == 401
    assert (await login(page, "admin", new))[0] == 200  # the second factor is off as well
    assert "password_reset" in [p["kind"] for m, p in box.asked if m == "events.raise"]


async def test_a_newer_recovery_file_ends_the_older(admin: Any, box: Any, visitor: Any) -> None:
    proof = {"password": PASSWORD}
    _status, old = await admin.ask("POST", "/api/v1/recovery/file", proof)
    await admin.ask("POST", "/api/v1/recovery/file", proof)
    body = {"route": "file", "key": old["key"], "password": "Harbour8Stone"}
    assert (await visitor().ask("POST", "/api/v1/recovery", body))[0] == 422


async def test_wrong_recovery_files_lock_the_address(admin: Any, box: Any, visitor: Any) -> None:
    _status, made = await admin.ask("POST", "/api/v1/recovery/file", {"password": PASSWORD})
    page, body = visitor(), {"route": "file", "key": "0" * 64, "password": "Harbour8Stone"}
    for _ in range(5):
        assert (await page.ask("POST", "/api/v1/recovery", body))[0] == 422
    status, answer = await page.ask("POST", "/api/v1/recovery", {**body, "key": made["key"]})
    assert (status, answer["code"]) == (429, "accounts.recovery_wait")


async def test_questions_set_a_lost_password_anew(admin: Any, box: Any, visitor: Any) -> None:
    body = {"password": PASSWORD, "questions": QUESTIONS}
    assert (await admin.ask("PUT", "/api/v1/recovery/questions", body))[0] == 204
    page = visitor()
    _status, ways = await page.ask("GET", "/api/v1/recovery")
    assert ways["questions"] == ["First boat?", "Name of the oak?"]
    reset = {"route": "questions", "password": "Harbour8Stone"}
    for answers in ([], ["Sea Gull"], ["Methusalem", "Sea Gull"], ["", ""]):
        status, answer = await page.ask("POST", "/api/v1/recovery", {**reset, "answers": answers})
        assert (status, answer["code"]) == (422, "accounts.answers_wrong")
    right = {**reset, "answers": ["seagull", " METHUSALEM "]}
    assert (await page.ask("POST", "/api/v1/recovery", right))[0] == 204
    assert (await login(page, "admin", "Harbour8Stone"))[0] == 200


async def test_five_wrong_answers_lock_the_address(admin: Any, box: Any, visitor: Any) -> None:
    body = {"password": PASSWORD, "questions": QUESTIONS}
    await admin.ask("PUT", "/api/v1/recovery/questions", body)
    reset = {"route": "questions", "password": "Harbour8Stone", "answers": ["a", "b"]}
    page = visitor()
    for _ in range(4):
        assert (await page.ask("POST", "/api/v1/recovery", reset))[0] == 422
    assert (await page.ask("POST", "/api/v1/recovery", reset))[0] == 429
    right = {**reset, "answers": ["Sea Gull", "Methusalem"]}
    status, answer = await page.ask("POST", "/api/v1/recovery", right)
    assert (status, answer["code"]) == (429, "locked")
    assert (await login(page, "admin"))[0] == 200  # the password itself is not concerned


async def test_nothing_is_set_anew_where_that_is_forbidden(
    admin: Any, box: Any, visitor: Any
) -> None:
    _status, made = await admin.ask("POST", "/api/v1/recovery/file", {"password": PASSWORD})
    await admin.ask("PUT", "/api/v1/recovery/questions",
                    {"password": PASSWORD, "questions": QUESTIONS})  # fmt: skip
    off = {"password": PASSWORD, "enabled": False}
    assert (await admin.ask("PUT", "/api/v1/recovery/enabled", off))[0] == 204
    page = visitor()
    assert (await page.ask("GET", "/api/v1/recovery"))[1]["questions"] == []
    body = {"route": "file", "key": made["key"], "password": "Harbour8Stone"}
    assert (await page.ask("POST", "/api/v1/recovery", body))[0] == 409
    answers = {"route": "questions", "answers": ["Sea Gull", "Methusalem"]}
    assert (await page.ask("POST", "/api/v1/recovery", {**body, **answers}))[0] == 422


async def test_every_wrong_question_is_told(admin: Any, box: Any) -> None:
    questions = [
        {"question": "First boat?", "answer": "a"},
        {"question": "first  boat?", "answer": "Methusalem"},
        {"question": "?", "answer": "long enough"},
    ]
    body = {"password": PASSWORD, "questions": questions}
    status, answer = await admin.ask("PUT", "/api/v1/recovery/questions", body)
    assert status == 422
    assert {field["path"] for field in answer["fields"]} == {
        "questions.0.answer", "questions.1.question", "questions.2.question",
    }  # fmt: skip


async def test_only_admin_arranges_recovery(admin: Any, box: Any, sign_in: SignedIn) -> None:
    await add(admin, "chief", group="admin")
    chief = await sign_in("chief")
    status, answer = await chief.ask("POST", "/api/v1/recovery/file", {"password": PASSWORD})
    assert (status, answer["code"]) == (403, "not_allowed")
