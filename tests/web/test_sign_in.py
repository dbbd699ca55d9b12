"""Signing in under attack: who is held up, who is not, and how much is hashed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.accounts.known import KnownBrowsers
from appliance.accounts.names import name_errors
from appliance.accounts.passwords import MAX_WAITING, Passwords
from appliance.bus.errors import BusError
from appliance.web.errors import ApiError
from appliance.web.new_password import RECOVERY, recover
from appliance.web.sign_in import Caller, SignIn

HASH = "$argon2id$v=19$m=47104,t=2,p=1$" + "a" * 22 + "$" + "b" * 43
RIGHT = "Lantern7Field"
ADMIN = {"name": "admin", "rights": "*"}
OWNER = Caller("192.168.1.20")
LOCAL = Caller("127.0.0.1")


class CountedPasswords(Passwords):
    """Knows the right password without hashing; counts what would have been hashed."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_kib=64)
        self.hashed = 0

    async def verify(self, password: str, stored: str | None, *, urgent: bool = False) -> bool:
        self.hashed += 1
        await asyncio.sleep(0)
        return stored is not None and password == RIGHT


class Cards:
    """The network cards that the recorder can see."""

    def __init__(self) -> None:
        self.by_address: dict[str, str] = {}

    def __call__(self, address: str) -> str | None:
        return self.by_address.get(address)


@pytest.fixture
def cards() -> Cards:
    return Cards()


@pytest.fixture
async def desk(
    bus: Any, supervisor: Any, clock: Any, tmp_path: Path, cards: Cards
) -> AsyncIterator[SignIn]:
    """A desk at which `admin` and `anna` sign in."""
    supervisor.answer("events.raise", {"id": 1, "new": True})
    methods = supervisor.accounts.methods()
    code = supervisor.accounts.issue_code()
    await methods["accounts.setup"]({"code": code, "address": "::1", "hash": HASH})
    await methods["accounts.put_user"](
        {"by": {"name": "admin", "rights": "*"}, "name": "anna", "create": True, "hash": HASH,
         "values": {"group": "user", "mac": "00:1A:2B:3C:4D:5E"}}
    )  # fmt: skip
    known = KnownBrowsers(tmp_path / "known.key")
    desk = SignIn(bus, CountedPasswords(), clock=clock, known=known, card=cards)
    await desk.prepare()
    yield desk
    desk.close()


async def refusal(desk: SignIn, name: str, password: str, caller: Caller) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await desk.sign_in(name, password, caller)
    return caught.value


async def attack(desk: SignIn, name: str, address: str) -> str:
    try:
        await desk.sign_in(name, "Wrong7Field", Caller(address))
    except ApiError as error:
        return error.code
    raise AssertionError("let in")


@pytest.mark.parametrize("names", ["one", "many"])
async def test_a_thousand_bad_sign_ins_a_second_from_one_address_hold_up_nobody_else(
    desk: SignIn, clock: Any, names: str
) -> None:
    """A minute of it, in virtual time: 60,000 tries on one account, or on ever new ones."""
    passwords: Any = desk._passwords
    cookie = desk.known.issue("admin")
    own = 0
    for second in range(60):
        tries = [
            attack(desk, "admin" if names == "one" else f"guess {second} {number}", "10.0.0.66")
            for number in range(1000)
        ]
        codes = set(await asyncio.gather(*tries))
        assert codes <= {"wrong_password", "locked", "busy"}
        if second % 10 == 0:
            for caller in (OWNER, LOCAL, Caller("10.0.0.66", cookie)):
                user = await desk.sign_in("admin", RIGHT, caller)
                assert user.name == "admin"
                own += 1
        clock.now += 1
    assert passwords.hashed - own <= 20  # the attacker's, of 60,000
    assert (await refusal(desk, "admin", RIGHT, Caller("10.0.0.66"))).code == "locked"


async def test_no_account_lets_its_holder_guess_answers_without_end(
    desk: SignIn, supervisor: Any
) -> None:
    """Wrong answers are counted under a name; a browser known for an account of it got away."""
    methods = supervisor.accounts.methods()
    questions = ["First school?", "First pet?"]
    asked = {"by": ADMIN, "questions": questions, "hash": HASH}
    await methods["accounts.set_questions"](asked)
    name = "recovery of admin"  # fits an account
    assert not name_errors(name, ())
    assert name_errors(RECOVERY, ())
    caller = Caller("192.168.1.66", desk.known.issue(name))
    for _ in range(9):
        with pytest.raises(ApiError):
            await recover(desk, answers=["a", "b"], key="", password="Harbour8Stone", caller=caller)
    passwords: Any = desk._passwords
    assert passwords.hashed == 5


async def test_nothing_is_hashed_for_a_wrong_recovery_file(
    desk: SignIn, supervisor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await supervisor.accounts.methods()["accounts.make_recovery_key"]({"by": ADMIN})
    hashed = []

    async def count(secret: str) -> str:
        hashed.append(secret)
        return HASH

    monkeypatch.setattr(desk, "hash", count)
    caller, new = Caller("192.168.1.66"), "Harbour8Stone"
    for _ in range(7):
        with pytest.raises(ApiError):
            await recover(desk, answers=None, key="00" * 32, password=new, caller=caller)
    assert hashed == []
    await recover(desk, answers=None, key=made["key"], password=new, caller=OWNER)
    assert hashed == [new]


async def test_an_address_tries_one_password_at_a_time_whatever_the_names(desk: SignIn) -> None:
    codes = await asyncio.gather(*(attack(desk, f"name {n}", "10.0.0.66") for n in range(50)))
    assert codes.count("busy") == 49


async def test_a_known_browser_is_not_held_up_by_what_its_address_did(desk: SignIn) -> None:
    for _ in range(6):
        await attack(desk, "admin", "192.168.1.20")
    assert (await refusal(desk, "admin", RIGHT, OWNER)).code == "locked"
    known = Caller("192.168.1.20", desk.known.issue("admin"))
    assert (await desk.sign_in("admin", RIGHT, known)).name == "admin"


async def test_the_cookie_of_one_account_says_nothing_of_another(desk: SignIn) -> None:
    for _ in range(6):
        await attack(desk, "admin", "192.168.1.20")
    other = Caller("192.168.1.20", desk.known.issue("anna"))
    assert (await refusal(desk, "admin", RIGHT, other)).code == "locked"


async def test_a_stolen_cookie_of_a_browser_can_be_tried_five_times(desk: SignIn) -> None:
    thief = Caller("10.0.0.66", desk.known.issue("admin"))
    codes = [(await refusal(desk, "admin", "Wrong7Field", thief)).code for _ in range(5)]
    assert codes == ["wrong_password"] * 4 + ["locked"]
    assert (await refusal(desk, "admin", RIGHT, thief)).code == "locked"
    assert (await desk.sign_in("admin", RIGHT, OWNER)).name == "admin"


async def test_many_addresses_slow_strangers_down_before_anything_is_hashed(
    desk: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        await _fail_at_once(desk, f"10.1.0.{number}")
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("appliance.web.sign_in.asyncio.sleep", wait)
    await desk.sign_in("admin", RIGHT, Caller("192.168.1.21"))
    assert waits[0] == 5
    waits.clear()
    await desk.sign_in("admin", RIGHT, Caller("192.168.1.22", desk.known.issue("admin")))
    await desk.sign_in("admin", RIGHT, LOCAL)
    assert set(waits) <= {0}


async def _fail_at_once(desk: SignIn, address: str) -> None:
    desk._failures.failed("admin", address)


async def test_a_crowd_of_strangers_leaves_room_for_known_browsers_and_the_box(
    desk: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    passwords: Any = desk._passwords
    right = passwords.verify

    async def slow(password: str, stored: str | None, *, urgent: bool = False) -> bool:
        if not urgent:
            await gate.wait()
        return bool(await right(password, stored, urgent=urgent))

    monkeypatch.setattr(passwords, "verify", slow)
    crowd = [
        asyncio.create_task(attack(desk, f"name {n}", f"10.2.{n // 250}.{n % 250}"))
        for n in range(300)
    ]
    while len(desk._in_progress) < 32:
        await asyncio.sleep(0)
    assert (await refusal(desk, "admin", RIGHT, Caller("192.168.1.23"))).code == "busy"
    known = Caller("192.168.1.20", desk.known.issue("admin"))
    assert (await desk.sign_in("admin", RIGHT, known)).name == "admin"
    assert (await desk.sign_in("admin", RIGHT, LOCAL)).name == "admin"
    gate.set()
    codes = await asyncio.gather(*crowd)
    assert codes.count("busy") >= 300 - 32


async def test_what_is_urgent_is_hashed_though_many_wait() -> None:
    passwords = Passwords(time_cost=1, memory_kib=64)
    stored = await passwords.hash(RIGHT)
    crowd = [asyncio.create_task(passwords.verify("x", stored)) for _ in range(2 * MAX_WAITING)]
    assert await passwords.verify(RIGHT, stored, urgent=True)
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert sum(isinstance(result, Exception) for result in results) > 0
    passwords.close()


async def test_an_account_bound_to_a_card_comes_in_from_that_card_only(
    desk: SignIn, cards: Cards
) -> None:
    error = await refusal(desk, "anna", RIGHT, OWNER)
    assert (error.status, error.code) == (403, "card_unknown")
    assert "cannot see the card of 192.168.1.20" in error.text
    cards.by_address["192.168.1.20"] = "00:1A:2B:3C:4D:5F"
    assert (await refusal(desk, "anna", RIGHT, OWNER)).code == "wrong_card"
    cards.by_address["192.168.1.20"] = "00:1A:2B:3C:4D:5E"
    assert (await desk.sign_in("anna", RIGHT, OWNER)).name == "anna"
    assert (await desk.sign_in("anna", RIGHT, LOCAL)).name == "anna"


async def test_a_pattern_works_at_the_box_only(desk: SignIn) -> None:
    with pytest.raises(ApiError) as caught:
        await desk.sign_in_by_pattern("admin", "pattern 1-2-3-6", OWNER)
    assert (caught.value.status, caught.value.code) == (403, "only_local")


async def test_the_hint_stays_at_the_box(desk: SignIn, supervisor: Any) -> None:
    await supervisor.accounts.methods()["accounts.put_user"](
        {"by": {"name": "admin", "rights": "*"}, "name": "admin", "values": {"hint": "the boat"}}
    )
    assert (await refusal(desk, "admin", "Wrong7Field", LOCAL)).details == {"hint": "the boat"}
    assert (await refusal(desk, "admin", "Wrong7Field", OWNER)).details == {}


async def test_illegal_sign_ins_and_locks_are_events(desk: SignIn, supervisor: Any) -> None:
    supervisor.asked.clear()
    for _ in range(5):
        await attack(desk, "admin", "10.0.0.66")
    async with asyncio.timeout(5):
        while len(kinds := [p["kind"] for m, p in supervisor.asked if m == "events.raise"]) < 2:
            await asyncio.sleep(0.01)
    assert kinds == ["login_failed", "login_locked"]


async def test_what_finds_no_way_into_the_record_of_events_is_in_the_lines_of_the_process(
    desk: SignIn, supervisor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor.answer("events.raise", BusError("events.no_kind", "There is no such kind."))
    desk.note("account_changed", {"user": "anna", "what": "removed"})
    while desk._notes:
        await asyncio.wait(desk._notes)
    lost = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert len(lost) == 1
    assert "account_changed" in lost[0]
    assert "anna" in lost[0]
