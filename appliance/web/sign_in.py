"""Proving who somebody is: password or pattern, limits of the account, second factor."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from appliance.accounts.core import user_from_json
from appliance.accounts.failures import LOOPBACK, FailureLock, place_of
from appliance.accounts.known import KnownBrowsers
from appliance.accounts.neighbours import card_of
from appliance.accounts.passwords import BusyError, Passwords
from appliance.accounts.permission import User
from appliance.bus.errors import BusError
from appliance.text import _
from appliance.web.asking import ask_bus, is_away
from appliance.web.context import Bus
from appliance.web.errors import ApiError, FieldError

MAX_WAITING = 32
"""Sign-ins in progress over all addresses; one for each address, some for each account."""
MAX_PER_ACCOUNT = 8
MAX_NOTES = 16
TELL_S = 60.0
"""Failures are entered in the record of events at most so often, with their number."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a try comes from: the address, and the cookie of a browser that signed in before."""

    address: str
    cookie: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is the box itself: its screen, or a browser on it."""
        return place_of(self.address) == LOOPBACK


class SignIn:
    """Asks the supervisor for the account, verifies here; refuses before hashing where it can."""

    def __init__(
        self,
        bus: Bus,
        passwords: Passwords,
        *,
        clock: Callable[[], float],
        known: KnownBrowsers,
        card: Callable[[str], str | None] = card_of,
    ) -> None:
        self.bus = bus
        self.known = known
        self.least_kinds = 3
        """How many kinds of characters a new password needs (N1.4)."""
        self.renew_days = 0
        """After how many days a password is said to be old; 0 for never (N1.5)."""
        self._passwords = passwords
        self._failures = FailureLock(clock)
        self._card = card
        self._in_progress: set[tuple[str, str]] = set()
        self._per_account: Counter[str] = Counter()
        self._notes: set[asyncio.Task[None]] = set()
        self._wrong = 0
        self._told: float | None = None
        self._clock = clock

    async def prepare(self) -> None:
        """Read the key of the browsers known; without it they are as unknown as others."""
        try:
            await asyncio.to_thread(self.known.load)
        except OSError as error:
            _log.warning("Browsers that sign in now are not known after a restart: %s", error)

    def limit(self, tries: int, first_s: float, longest_s: float) -> None:
        """Take over what the page Lockout says: tries, then waits in seconds (D2-AP-55)."""
        failures = self._failures
        failures.free_tries, failures.first_lock_s = tries, first_s
        failures.longest_lock_s = longest_s

    def ask_of_passwords(self, least_kinds: int, renew_days: int) -> None:
        """Take over what the page Passwords says of new ones (N1.4), and of old ones (N1.5)."""
        self.least_kinds, self.renew_days = least_kinds, renew_days

    def close(self) -> None:
        """Let the hashing thread go."""
        for task in self._notes:
            task.cancel()
        self._passwords.close()

    async def sign_in(self, name: str, password: str, caller: Caller, code: str = "") -> User:
        """Return who it is, if they may sign in now.

        Raises ApiError 401 (wrong, or a code is needed), 403 (not now, not from there), 429
        (locked, busy), 503 (away).
        """
        account = await self.verify(name, password, caller)
        await self._admit(account, caller)
        if account["factor"]:
            await self._check_code(name, code, caller)
        return user_from_json(account)

    async def sign_in_by_pattern(self, name: str, points: str, caller: Caller) -> User:
        """Return who drew the pattern, at the box only (D2-AC-07).  Raises as `sign_in`."""
        if not caller.is_local:
            raise ApiError(
                403, "only_local", _("The unlock pattern works on the recorder's own screen only.")
            )
        account = await self.verify(name, points, caller, stored="pattern")
        await self._admit(account, caller)
        return user_from_json(account)

    async def verify(
        self, name: str, secret: str, caller: Caller, *, stored: str = "hash"
    ) -> dict[str, Any]:
        """Return the account if `secret` is what its hash `stored` is of.  Raises ApiError."""
        browser = self.known.browser(caller.cookie, name)
        with self.one_at_a_time(name, caller):
            verdict = self._failures.check(name, caller.address, browser)
            if verdict.locked_s > 0:
                raise _locked(verdict.locked_s)
            await asyncio.sleep(verdict.delay_s)
            account = await ask_bus(self.bus, "accounts.lookup", {"user": name})
            urgent = browser is not None or caller.is_local
            hashed = (account[stored] or None) if account else None
            if not await self.matches(secret, hashed, urgent=urgent):
                raise self.failed(name, caller, hint=account["hint"] if account else "")
            if not account["factor"]:
                self._failures.succeeded(name, caller.address, browser)
        return dict(account)

    async def matches(self, secret: str, stored: str | None, *, urgent: bool = False) -> bool:
        """Whether `stored` is a hash of `secret`.  Raises ApiError 429."""
        try:
            return await self._passwords.verify(secret, stored, urgent=urgent)
        except BusyError:
            raise _busy() from None

    async def hash(self, secret: str) -> str:
        """Return the hash of a new secret.  Raises ApiError 429."""
        try:
            return await self._passwords.hash(secret)
        except BusyError:
            raise _busy() from None

    def check_lock(self, name: str, caller: Caller) -> None:
        """Raise ApiError 429 while `caller` is locked for `name`."""
        locked_s = self._failures.check(name, caller.address).locked_s
        if locked_s > 0:
            raise _locked(locked_s)

    @contextlib.contextmanager
    def one_at_a_time(self, name: str, caller: Caller) -> Iterator[None]:
        """Let one try of each address in, and few at all; raises ApiError 429 for the others.

        Browsers known to have signed in, and the box itself, find room whatever others do.
        """
        browser = self.known.browser(caller.cookie, name)
        urgent = browser is not None or caller.is_local
        key = (name, browser) if browser else (name if urgent else "", place_of(caller.address))
        crowded = (
            len(self._in_progress) >= MAX_WAITING or self._per_account[name] >= MAX_PER_ACCOUNT
        )
        if key in self._in_progress or (crowded and not urgent):
            raise _busy()
        self._in_progress.add(key)
        self._per_account[name] += 1
        try:
            yield
        finally:
            self._in_progress.discard(key)
            self._per_account[name] -= 1
            if not self._per_account[name]:
                del self._per_account[name]

    def failed(self, name: str, caller: Caller, *, hint: str = "") -> ApiError:
        """Count a failure; return what it is answered with.  The hint is for the box only."""
        browser = self.known.browser(caller.cookie, name)
        self._failures.failed(name, caller.address, browser)
        locked_s = self._failures.check(name, caller.address, browser).locked_s
        address = caller.address
        if locked_s > 0:
            _log.warning("Sign-in from %s is locked for %d s: wrong passwords", address, locked_s)
            minutes = math.ceil(locked_s / 60)
            self.note("login_locked", {"user": name, "address": address, "minutes": minutes})
            return _locked(locked_s)
        self._wrong += 1
        now = self._clock()
        if self._told is None or now - self._told >= TELL_S:
            self.note("login_failed", {"user": name, "address": address, "count": self._wrong})
            self._wrong, self._told = 0, now
        details = {"hint": hint} if hint and caller.is_local else {}
        text = _("User name or password is not right.")
        return ApiError(401, "wrong_password", text, details=details)

    def note(self, kind: str, details: dict[str, Any]) -> None:
        """Enter it in the record of events; where that fails, the process's own lines have it."""
        if len(self._notes) >= MAX_NOTES:
            _log.error("Not in the record of events, too much waits: %s %s", kind, details)
            return
        event = {"kind": kind, "source": "sign-in", "details": details}
        task = asyncio.create_task(self._tell(event))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _tell(self, event: dict[str, Any]) -> None:
        try:
            await self.bus.request("events.raise", event)
        except BusError as error:
            told = (event["kind"], event["details"], error.text)
            _log.error("Not in the record of events: %s %s (%s)", *told)

    async def _admit(self, account: dict[str, Any], caller: Caller) -> None:
        """Raise ApiError 403 while the account may not sign in, or not from that computer."""
        refused = account["refused"]
        if refused is not None:
            raise ApiError(403, str(refused["code"]), str(refused["text"]))
        if not account["mac"] or caller.is_local:
            return
        card = await asyncio.to_thread(self._card, caller.address)
        if card == account["mac"]:
            return
        if card is None:
            raise ApiError(
                403,
                "card_unknown",
                _(
                    "This account is bound to one network card, and the recorder cannot see the "
                    "card of {address}: it is not on the same network. Sign in from there."
                ).format(address=caller.address),
            )
        raise ApiError(
            403,
            "wrong_card",
            _("This account is bound to another network card than {card}.").format(card=card),
        )

    async def _check_code(self, name: str, code: str, caller: Caller) -> None:
        if not code:
            raise ApiError(
                401, "code_needed", _("Enter the code that the authenticator app shows now.")
            )
        browser = self.known.browser(caller.cookie, name)
        try:
            await self.bus.request("accounts.check_factor", {"user": name, "code": code})
        except BusError as error:
            if is_away(error):
                raise factor_error(error) from error
            told = self.failed(name, caller)
            if told.code == "locked":
                raise told from error
            raise factor_error(error) from error
        self._failures.succeeded(name, caller.address, browser)


SIGN_IN = web.AppKey("sign_in", SignIn)


def factor_error(error: BusError) -> ApiError:
    """Return what is wrong with a code, at its field."""
    if is_away(error):
        return ApiError(503, "supervisor_away", error.text, headers={"Retry-After": "3"})
    fields = [FieldError("code", error.code, error.text)]
    return ApiError(422, error.code, error.text, fields)


def _locked(seconds: float) -> ApiError:
    wait_s = math.ceil(seconds)
    return ApiError(
        429,
        "locked",
        _(
            "Too many wrong passwords from this address. Wait {seconds} s, then try again; "
            "other addresses are not concerned."
        ).format(seconds=wait_s),
        headers={"Retry-After": str(wait_s)},
        details={"wait_s": wait_s},
    )


def _busy() -> ApiError:
    return ApiError(
        429,
        "busy",
        _("Somebody else is signing in just now. Try again in a few seconds."),
        headers={"Retry-After": "2"},
    )
