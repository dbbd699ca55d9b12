"""Hashing passwords: argon2id, one at a time, beside the loop and below recording's priority."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHash, VerificationError

from appliance.accounts.rules import normalise

TIME_COST = 2
MEMORY_KIB = 47_104
PARALLELISM = 1
"""46 MiB, two passes, one lane: above OWASP's argon2id minimum of 46 MiB and one pass."""
MAX_WAITING = 16
"""Hashes that may wait for the one being made; more are refused at once."""
_NICE = 10
P = ParamSpec("P")
T = TypeVar("T")


class BusyError(Exception):
    """Too many hashes are waiting already; try again in a few seconds."""


class Passwords:
    """Hashes and verifies; every call takes the same time whether or not the account exists."""

    def __init__(self, *, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost,
            memory_cost=memory_kib,
            parallelism=PARALLELISM,
            hash_len=32,
            salt_len=16,
        )
        self._thread = ThreadPoolExecutor(1, "password", initializer=_step_back)
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return the PHC string.  Raises BusyError."""
        if self._waiting > MAX_WAITING:
            raise BusyError
        return await self._run(self._hash, password)

    async def verify(self, password: str, stored: str | None, *, urgent: bool = False) -> bool:
        """Whether `password` is that of `stored`; None (no such account) takes as long and fails.

        Raises BusyError, but not for what is `urgent`.
        """
        if self._waiting > MAX_WAITING and not urgent:
            raise BusyError
        return await self._run(self._verify, password, stored)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._waiting += 1
        try:
            work = functools.partial(call, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def _hash(self, password: str) -> str:
        return str(self._hasher.hash(normalise(password)))

    def _verify(self, password: str, stored: str | None) -> bool:
        if stored is None and self._nobody is None:
            self._nobody = self._hasher.hash(os.urandom(16).hex())
        try:
            matches = self._hasher.verify(stored or self._nobody or "", normalise(password))
        except (VerificationError, InvalidHash):
            return False
        return bool(matches) and stored is not None


def _step_back() -> None:
    """Give way to recording: this thread alone gets a lower priority (Linux counts per thread)."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
