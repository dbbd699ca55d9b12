"""Sessions."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.accounts.permission import GRANTABLE, User
from appliance.accounts.sessions import MAX_PER_USER, MAX_SESSIONS, Sessions, csrf_token

ADMIN = User("admin", GRANTABLE, generation=1)


class WallClock:
    """UTC seconds that stand until they are moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def sessions(tmp_path: Path, wall: WallClock) -> Sessions:
    return Sessions(tmp_path / "sessions.json", wall=wall, idle_s=600, absolute_s=3600)


def test_a_token_finds_its_session_and_no_other_does(sessions: Sessions) -> None:
    token, session = sessions.create(ADMIN, "10.0.0.7")
    assert sessions.find(token) is session
    assert sessions.find(token[:-1]) is None
    assert sessions.find("") is None
    assert len(token) >= 43


def test_a_session_ends_after_idle_time(sessions: Sessions, wall: WallClock) -> None:
    token, _session = sessions.create(ADMIN, "::1")
    wall.now += 599
    assert sessions.find(token)
    wall.now += 599
    assert sessions.find(token)
    wall.now += 601
    assert sessions.find(token) is None


def test_a_session_ends_after_its_longest_time_however_busy(
    sessions: Sessions, wall: WallClock
) -> None:
    token, _session = sessions.create(ADMIN, "::1")
    for _ in range(6):
        wall.now += 590
        assert sessions.find(token)
    wall.now += 590
    assert sessions.find(token) is None


def test_an_open_page_keeps_its_session(sessions: Sessions, wall: WallClock) -> None:
    token, session = sessions.create(ADMIN, "::1")
    wall.now += 500
    sessions.touch({session.id})
    wall.now += 500
    assert sessions.find(token)


def test_sessions_survive_a_restart_without_their_tokens_on_disk(
    sessions: Sessions, wall: WallClock, tmp_path: Path
) -> None:
    token, session = sessions.create(ADMIN, "10.0.0.7")
    assert sessions.changed
    sessions.save()
    assert not sessions.changed
    path = tmp_path / "sessions.json"
    assert token not in path.read_text()
    assert csrf_token(token) not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    again = Sessions(path, wall=wall, idle_s=600, absolute_s=3600)
    again.load()
    assert again.find(token) == session


def test_an_expired_session_does_not_come_back_with_a_restart(
    sessions: Sessions, wall: WallClock, tmp_path: Path
) -> None:
    token, _session = sessions.create(ADMIN, "::1")
    sessions.save()
    wall.now += 601
    again = Sessions(tmp_path / "sessions.json", wall=wall, idle_s=600, absolute_s=3600)
    again.load()
    assert again.all() == []
    assert again.find(token) is None


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version":1,"sessions":[{}]}', b"\xff"])
def test_a_damaged_file_only_means_signing_in_again(
    sessions: Sessions, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "sessions.json").write_bytes(content)
    sessions.load()
    assert sessions.all() == []


def test_signing_out_ends_the_session_and_tells(sessions: Sessions) -> None:
    told = []
    sessions.on_end(told.append)
    token, session = sessions.create(ADMIN, "::1")
    sessions.end(session)
    assert sessions.find(token) is None
    assert told == [session]
    assert session.ended


def test_a_changed_account_ends_its_sessions_but_the_one_that_changed_it(
    sessions: Sessions,
) -> None:
    mine, session = sessions.create(ADMIN, "::1")
    other, _session = sessions.create(ADMIN, "10.0.0.7")
    guard, _session = sessions.create(User("guard"), "10.0.0.8")
    changed = User("admin", GRANTABLE, generation=2)
    sessions.follow({"admin": changed, "guard": User("guard")}, but=session.id)
    assert sessions.find(mine).user.generation == 2
    assert sessions.find(other) is None
    assert sessions.find(guard)
    sessions.follow({"admin": changed})
    assert sessions.find(guard) is None


def test_the_number_of_sessions_is_bounded_the_oldest_give_way(
    sessions: Sessions, wall: WallClock
) -> None:
    first, _session = sessions.create(ADMIN, "::1")
    for _ in range(MAX_PER_USER):
        wall.now += 1
        sessions.create(ADMIN, "::1")
    assert sessions.find(first) is None
    for number in range(MAX_SESSIONS + 10):
        sessions.create(User(f"user{number}"), "::1")
    assert len(sessions.all()) == MAX_SESSIONS


def test_the_csrf_token_tells_nothing_of_the_session_token() -> None:
    assert csrf_token("a") != csrf_token("b")
    assert len(csrf_token("a")) == 64


def test_what_a_browser_says_it_is_is_text_whatever_bytes_it_sent(sessions: Sessions) -> None:
    """A header that is no UTF-8 comes with lone surrogates, which no answer can hold."""
    _token, session = sessions.create(ADMIN, "10.0.0.7", "Mozilla \udcff")
    assert session.agent == "Mozilla ?"


def test_a_clock_that_is_set_back_lets_nobody_stay_for_ever(
    sessions: Sessions, wall: WallClock
) -> None:
    token, _session = sessions.create(ADMIN, "10.0.0.7")
    wall.now -= 10 * 365 * 86_400
    assert sessions.find(token) is not None
    for _ in range(7):
        wall.now += 590
        sessions.find(token)
    assert sessions.find(token) is None


def test_people_who_sign_in_again_and_again_oust_nobody_else(sessions: Sessions) -> None:
    token, _session = sessions.create(ADMIN, "::1")
    for number in range(2 * MAX_SESSIONS):
        sessions.create(User(f"mate {number % 5}"), "::1")
    assert len(sessions.all()) == MAX_SESSIONS
    assert sessions.find(token) is not None
