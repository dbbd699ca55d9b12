"""Hashing passwords."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import argon2
import pytest
from argon2 import PasswordHasher

from appliance.accounts.passwords import MAX_WAITING, BusyError, Passwords
from appliance.accounts.store import is_sound_hash


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    hasher = Passwords()
    yield hasher
    hasher.close()


async def test_a_password_is_verified_against_its_hash_only(passwords: Passwords) -> None:
    stored = await passwords.hash("Lantern7Field")
    assert "Lantern" not in stored
    assert is_sound_hash(stored)
    assert await passwords.verify("Lantern7Field", stored)
    assert not await passwords.verify("lantern7Field", stored)
    assert not await passwords.verify("Lantern7Field", "no hash at all")


async def test_two_hashes_of_a_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash("Lantern7Field") != await passwords.hash("Lantern7Field")


class Watched:
    """A hasher that notes against which hash each password was checked."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self.checked: list[str] = []
        self.hash = hasher.hash

    def verify(self, stored: str, password: str) -> bool:
        self.checked.append(stored)
        return self._hasher.verify(stored, password)


async def test_an_account_that_does_not_exist_costs_a_whole_hash_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise the time of a refusal would tell which names exist."""
    passwords = Passwords(time_cost=1, memory_kib=64)
    stored = await passwords.hash("Lantern7Field")
    watched = Watched(passwords._hasher)
    monkeypatch.setattr(passwords, "_hasher", watched)
    assert not await passwords.verify("wrong-Password7", stored)
    assert not await passwords.verify("wrong-Password7", None)
    known, unknown = (argon2.extract_parameters(one) for one in watched.checked)
    assert known == unknown


async def test_one_hash_is_made_at_a_time_and_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Passwords(time_cost=1, memory_kib=64)
    running, most = 0, 0
    real = hasher._hash

    def watched(password: str) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        result = real(password)
        running -= 1
        return result

    monkeypatch.setattr(hasher, "_hash", watched)
    results = await asyncio.gather(
        *(hasher.hash("Lantern7Field") for _ in range(MAX_WAITING + 20)), return_exceptions=True
    )
    hasher.close()
    assert most == 1
    assert sum(isinstance(result, BusyError) for result in results) == 19
    assert sum(isinstance(result, str) for result in results) == MAX_WAITING + 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$argon2i$v=19$m=65536,t=3,p=4$" + "a" * 22 + "$" + "b" * 43,
        "$argon2id$v=19$m=8,t=1,p=1$" + "a" * 22 + "$" + "b" * 43,
        "$argon2id$v=19$m=65536,t=0,p=1$" + "a" * 22 + "$" + "b" * 43,
        "Lantern7Field",
    ],
)
def test_a_weak_or_foreign_hash_is_not_sound(text: str) -> None:
    assert not is_sound_hash(text)
