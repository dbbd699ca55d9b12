"""Rights: which permissions on which channels, and how those of a user lie within a group's.

Rights map a permission to the channels it holds on: None for all of them, also later ones, and
always None where the permission is not per channel.  What is not in the mapping is not granted.
In place of the mapping, None stands for everything there is and will be.  As JSON: "*" for
everything, else {permission: "*" or [channel, ...]}.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from appliance.accounts.permission import GRANTABLE, Permission, User

Rights = Mapping[Permission, frozenset[int] | None]
ALL = "*"
MAX_CHANNEL = 4096

VIEWER: Rights = dict.fromkeys(
    (Permission.LIVE, Permission.PLAYBACK, Permission.EVENTS, Permission.PTZ, Permission.STATUS)
)
"""What the group "user" begins with (N13.11, T10.9)."""
OPERATOR: Rights = {
    **VIEWER,
    **dict.fromkeys(
        (
            Permission.DOWNLOAD,
            Permission.LOCK,
            Permission.TAG,
            Permission.TALK,
            Permission.RECORD,
            Permission.OUTPUTS,
            Permission.CAMERAS,
            Permission.LOGS,
        )
    ),
}
"""What the group "operator" begins with."""


def read_rights(value: Any) -> Rights | None:
    """Return the rights of a JSON value; permissions this code does not know are left out.

    Raises ValueError.
    """
    if value == ALL:
        return None
    if not isinstance(value, dict):
        raise ValueError("rights are neither an object nor everything")
    known = {permission.value: permission for permission in GRANTABLE}
    found: dict[Permission, frozenset[int] | None] = {}
    for name, channels in value.items():
        permission = known.get(name)
        if permission is None:
            continue
        if channels != ALL and not (
            isinstance(channels, list) and all(_is_channel(c) for c in channels)
        ):
            raise ValueError(f"the channels of {name} are not a list of numbers")
        if channels == ALL or not permission.per_channel:
            found[permission] = None
        elif channels:
            found[permission] = frozenset(channels)
    return found


def write_rights(rights: Rights | None) -> Any:
    """Return the JSON value of `rights`."""
    if rights is None:
        return ALL
    return {
        permission.value: ALL if channels is None else sorted(channels)
        for permission, channels in sorted(rights.items())
    }


def beyond(inner: Rights | None, outer: Rights | None) -> list[Permission]:
    """Return the permissions of `inner` that reach further than `outer`, by name."""
    if outer is None:
        return []
    wanted = dict.fromkeys(GRANTABLE) if inner is None else inner
    return sorted(
        permission
        for permission, channels in wanted.items()
        if permission not in outer or not _covers(outer[permission], channels)
    )


def common(first: Rights | None, second: Rights | None) -> Rights | None:
    """Return what both grant."""
    if first is None:
        return second
    if second is None:
        return first
    found: dict[Permission, frozenset[int] | None] = {}
    for permission in first.keys() & second.keys():
        mine, other = first[permission], second[permission]
        channels = other if mine is None else mine if other is None else mine & other
        if channels is None or channels:
            found[permission] = channels
    return found


def without_channels(rights: Rights | None, known: Collection[int]) -> Rights | None:
    """Return `rights` without channels that are not among `known`."""
    if rights is None:
        return None
    found: dict[Permission, frozenset[int] | None] = {}
    for permission, channels in rights.items():
        kept = None if channels is None else channels & frozenset(known)
        if kept is None or kept:
            found[permission] = kept
    return found


def user_with(name: str, rights: Rights | None, generation: int) -> User:
    """Return the user for the deciding function."""
    if rights is None:
        return User(name, GRANTABLE, None, generation)
    narrowed = {p: channels for p, channels in rights.items() if channels is not None}
    return User(name, frozenset(rights), None, generation, narrowed)


def rights_of(user: User) -> Rights:
    """Return what `user` may do."""
    return {
        permission: user.channels_of(permission) if permission.per_channel else None
        for permission in user.permissions
    }


def _covers(outer: frozenset[int] | None, inner: frozenset[int] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _is_channel(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_CHANNEL
