"""The one function that decides."""

from __future__ import annotations

import pytest

from appliance.accounts.permission import (
    GRANTABLE,
    Permission,
    User,
    allowed,
    allowed_channels,
)

ADMIN = User("admin", GRANTABLE)
GUARD = User("guard", frozenset({Permission.LIVE, Permission.STATUS}), frozenset({1, 3}))


@pytest.mark.parametrize("permission", [p for p in Permission if p is not Permission.PUBLIC])
def test_nobody_may_do_nothing_but_what_is_public(permission: Permission) -> None:
    assert not allowed(None, permission)
    assert not allowed(None, permission, 1)


def test_everybody_may_see_what_is_public() -> None:
    assert allowed(None, Permission.PUBLIC)


@pytest.mark.parametrize("permission", list(Permission))
def test_an_administrator_may_do_everything_on_every_channel(permission: Permission) -> None:
    assert allowed(ADMIN, permission)
    assert allowed(ADMIN, permission, 64)


@pytest.mark.parametrize("permission", sorted(GRANTABLE))
def test_an_account_without_rights_may_do_nothing(permission: Permission) -> None:
    assert not allowed(User("new"), permission)
    assert not allowed(User("new"), permission, 1)


def test_a_right_on_some_channels_does_not_reach_the_others() -> None:
    assert allowed(GUARD, Permission.LIVE)
    assert allowed(GUARD, Permission.LIVE, 3)
    assert not allowed(GUARD, Permission.LIVE, 2)
    assert allowed_channels(GUARD, Permission.LIVE, [1, 2, 3, 4]) == [1, 3]
    assert allowed_channels(GUARD, Permission.PLAYBACK, [1, 3]) == []


def test_a_right_without_any_channel_is_none() -> None:
    user = User("x", frozenset({Permission.LIVE}), frozenset())
    assert not allowed(user, Permission.LIVE)


def test_a_right_that_is_not_per_channel_does_not_look_at_channels() -> None:
    assert allowed(GUARD, Permission.STATUS)
    assert allowed(GUARD, Permission.STATUS, 2)
