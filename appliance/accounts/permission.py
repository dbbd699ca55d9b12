"""The one place that decides: user x permission x channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Permission(StrEnum):
    """What can be asked for (D2-AC-05).  A route, a message and a media path name one of these."""

    PUBLIC = "public"
    """Nobody needs to be known: the page itself, signing in, the first set-up."""
    SESSION = "session"
    """Anybody who is signed in, on matters of their own: own session, own password."""
    LIVE = "live"
    PLAYBACK = "playback"
    DOWNLOAD = "download"
    LOCK = "lock"
    """Keep footage from being overwritten, or let it go again."""
    TAG = "tag"
    """Name instants of footage, rename these tags and delete them; seeing them is PLAYBACK."""
    PTZ = "ptz"
    """Move a camera, and call and store its presets."""
    TALK = "talk"
    """Speak through a camera."""
    RECORD = "record"
    """Start and stop recording by hand (D1-ER-20)."""
    EVENTS = "events"
    OUTPUTS = "outputs"
    """Switch relays and the buzzer by hand."""
    STATUS = "status"
    """Health of the box: processes, volumes, host."""
    CAMERAS = "cameras"
    """See and change channels and their recording; test an address; try a camera again."""
    STORAGE = "storage"
    NETWORK = "network"
    SYSTEM = "system"
    """Settings of the box that have no permission of their own."""
    LOGS = "logs"
    """Read what happened on a channel and who did what with it; on all channels: the whole log."""
    ACCOUNTS = "accounts"
    """See and change accounts, groups and sessions, never beyond the own rights."""
    MAINTAIN = "maintain"
    CAPTURE = "capture"
    """Write down what goes over the network: pictures and passwords of others may be in it."""
    SHUTDOWN = "shutdown"
    """Restart the box or switch it off."""

    @property
    def per_channel(self) -> bool:
        """Whether the answer depends on the channel."""
        return self in _PER_CHANNEL


_PER_CHANNEL = frozenset(
    {
        Permission.LIVE,
        Permission.PLAYBACK,
        Permission.DOWNLOAD,
        Permission.LOCK,
        Permission.TAG,
        Permission.PTZ,
        Permission.TALK,
        Permission.RECORD,
        Permission.EVENTS,
        Permission.LOGS,
    }
)
_NOT_GIVEN = frozenset({Permission.PUBLIC, Permission.SESSION})
GRANTABLE = frozenset(permission for permission in Permission if permission not in _NOT_GIVEN)
"""What an account can hold; PUBLIC and SESSION are nobody's to give."""


@dataclass(frozen=True, slots=True)
class User:
    """A known person.  `channels` is None for all channels, also those added later.

    `narrowed` names the channels of permissions that do not hold on all of `channels`.
    `generation` rises with every change of what the account is proved by (password, second
    factor): sessions of an older one end.  `enrol`: a second factor has to be set up before
    anything else; until then there are no permissions.
    """

    name: str
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    channels: frozenset[int] | None = None
    generation: int = 0
    narrowed: Mapping[Permission, frozenset[int]] = field(default_factory=dict, hash=False)
    enrol: bool = False

    def channels_of(self, permission: Permission) -> frozenset[int] | None:
        """Return on which channels `permission` holds, None for all of them."""
        if permission not in self.permissions:
            return frozenset()
        return self.narrowed.get(permission, self.channels)


def allowed(user: User | None, permission: Permission, channel: int | None = None) -> bool:
    """Decide; everything that is not granted is refused.

    `user` is None for somebody who is not signed in.  For a permission that is per channel,
    `channel` None asks "on any channel at all": whoever then touches a channel asks again with it.
    """
    if permission is Permission.PUBLIC:
        return True
    if user is None:
        return False
    if permission is Permission.SESSION:
        return True
    if permission not in user.permissions:
        return False
    if not permission.per_channel:
        return True
    channels = user.channels_of(permission)
    if channels is None:
        return True
    return bool(channels) if channel is None else channel in channels


def allowed_channels(
    user: User | None, permission: Permission, channels: Iterable[int]
) -> list[int]:
    """Return those of `channels` on which `user` has `permission`, in their order."""
    return [channel for channel in channels if allowed(user, permission, channel)]
