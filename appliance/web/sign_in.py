"""Signing in, the first set-up, changing the own password."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from appliance.accounts.failures import FailureLock, place_of
from appliance.accounts.passwords import BusyError, Passwords
from appliance.accounts.permission import User
from appliance.accounts.rules import broken_rules, normalise
from appliance.accounts.service import user_from_json
from appliance.accounts.store import ADMIN
from appliance.bus.errors import BusError
from appliance.text import _
from appliance.web.asking import api_error, ask_bus
from appliance.web.context import Bus
from appliance.web.errors import ApiError, FieldError
from appliance.web.reading import invalid

MAX_WAITING = 32
"""Sign-ins in progress over all addresses; one for each account and address."""
MAX_NOTES = 16
TELL_S = 60.0
"""Failures are entered in the record of events at most so often, with their number."""
_log = logging.getLogger(__name__)


class SignIn:
    """Asks the supervisor for the account, verifies here; refuses before hashing where it can."""

    def __init__(
        self,
        bus: Bus,
        passwords: Passwords,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._bus = bus
        self._passwords = passwords
        self._failures = FailureLock(clock)
        self._in_progress: set[tuple[str, str]] = set()
        self._notes: set[asyncio.Task[None]] = set()
        self._wrong = 0
        self._told: float | None = None
        self._clock = clock

    def limit(self, tries: int, first_s: float, longest_s: float) -> None:
        """Take over what the page Lockout says: tries, then waits in seconds (D2-AP-55)."""
        failures = self._failures
        failures.free_tries, failures.first_lock_s = tries, first_s
        failures.longest_lock_s = longest_s

    def close(self) -> None:
        """Let the hashing thread go."""
        for task in self._notes:
            task.cancel()
        self._passwords.close()

    async def sign_in(self, name: str, password: str, address: str) -> User:
        """Return who it is.  Raises ApiError 401 (wrong), 429 (locked, busy), 503 (away)."""
        with self._one_at_a_time(name, address):
            verdict = self._failures.check(name, address)
            if verdict.locked_s > 0:
                raise _locked(verdict.locked_s)
            await asyncio.sleep(verdict.delay_s)
            account = await ask_bus(self._bus, "accounts.lookup", {"user": name})
            stored = account["hash"] if account else None
            if not await self._verify(password, stored):
                raise self._failed(name, address)
            self._failures.succeeded(name, address)
        return user_from_json(account)

    async def set_up(self, code: str, password: str, address: str) -> User:
        """Create the administrator (D1-IZ-02).  Raises ApiError with every wrong field."""
        fields = password_errors(password, ADMIN, "password")
        with self._one_at_a_time("", address):
            try:
                await self._ask("accounts.check_code", {"code": code, "address": address})
            except BusError as error:
                if error.code != "accounts.code_wrong":
                    raise _setup_error(error) from error
                fields.insert(0, FieldError("code", error.code, error.text))
            if fields:
                raise invalid(fields)
            hashed = await self._hash(password)
            try:
                user = await self._ask(
                    "accounts.setup", {"code": code, "address": address, "hash": hashed}
                )
            except BusError as error:
                raise _setup_error(error) from error
        self._note("setup_done", {"address": address})
        return user_from_json(user)

    async def change_password(self, user: User, old: str, new: str, address: str) -> User:
        """Replace the own password (D2-AC-06).  Raises ApiError with every wrong field."""
        fields = password_errors(new, user.name, "new")
        if normalise(new) == normalise(old):
            text = _("This is the old password. Choose another.")
            fields.append(FieldError("new", "password_same", text))
        try:
            current = await self.sign_in(user.name, old, address)
        except ApiError as error:
            if error.code != "wrong_password":
                raise
            text = _("This is not the password now in use.")
            fields.insert(0, FieldError("old", "wrong_password", text))
            raise invalid(fields) from error
        if fields:
            raise invalid(fields)
        hashed = await self._hash(new)
        changed = await ask_bus(
            self._bus,
            "accounts.change_password",
            {"user": user.name, "hash": hashed, "generation": current.generation},
        )
        return user_from_json(changed)

    @contextlib.contextmanager
    def _one_at_a_time(self, name: str, address: str) -> Iterator[None]:
        key = (name, place_of(address))
        if key in self._in_progress or len(self._in_progress) >= MAX_WAITING:
            raise _busy()
        self._in_progress.add(key)
        try:
            yield
        finally:
            self._in_progress.discard(key)

    async def _ask(self, method: str, params: dict[str, Any]) -> Any:
        return await self._bus.request(method, params)

    async def _verify(self, password: str, stored: str | None) -> bool:
        try:
            return await self._passwords.verify(password, stored)
        except BusyError:
            raise _busy() from None

    async def _hash(self, password: str) -> str:
        try:
            return await self._passwords.hash(password)
        except BusyError:
            raise _busy() from None

    def _failed(self, name: str, address: str) -> ApiError:
        self._failures.failed(name, address)
        locked_s = self._failures.check(name, address).locked_s
        if locked_s > 0:
            _log.warning("Sign-in from %s is locked for %d s: wrong passwords", address, locked_s)
            minutes = math.ceil(locked_s / 60)
            self._note("login_locked", {"user": name, "address": address, "minutes": minutes})
            return _locked(locked_s)
        self._wrong += 1
        now = self._clock()
        if self._told is None or now - self._told >= TELL_S:
            details = {"user": name, "address": address, "count": self._wrong}
            self._note("login_failed", details)
            self._wrong, self._told = 0, now
        return ApiError(401, "wrong_password", _("User name or password is not right."))

    def _note(self, kind: str, details: dict[str, Any]) -> None:
        """Enter it in the record of events; without the supervisor the log has it."""
        if len(self._notes) >= MAX_NOTES:
            return
        event = {"kind": kind, "source": "sign-in", "details": details}
        task = asyncio.create_task(self._tell(event))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _tell(self, event: dict[str, Any]) -> None:
        with contextlib.suppress(BusError):
            await self._bus.request("events.raise", event)


SIGN_IN = web.AppKey("sign_in", SignIn)


def password_errors(password: str, user: str, path: str) -> list[FieldError]:
    """Return every rule that a new password breaks (D2-AC-06)."""
    broken = broken_rules(normalise(password), user)
    return [FieldError(path, rule.code, rule.text) for rule in broken]


def _setup_error(error: BusError) -> ApiError:
    if error.code == "accounts.initialised":
        return ApiError(409, error.code, error.text)
    if error.code == "accounts.code_wait":
        return ApiError(429, error.code, error.text, headers={"Retry-After": "60"})
    return api_error(error)


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
