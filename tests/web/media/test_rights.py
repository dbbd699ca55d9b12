"""Every message of the media socket x what a person may do x channel: nothing is let through."""

from __future__ import annotations

import asyncio
import typing
from typing import Any

import pytest

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.web.audit import NOTES, VIEW_STEP_MS
from appliance.web.media import requests
from appliance.web.session_keeper import SESSIONS

AT = 1_700_000_000_000
LIVE, PLAYBACK = Permission.LIVE, Permission.PLAYBACK
ASKS: dict[str, tuple[dict[str, Any], Permission | None]] = {
    "open": ({"stream": "main"}, LIVE),
    "open in the past": ({"stream": "main", "at": AT}, PLAYBACK),
    "seek": ({"at": AT}, PLAYBACK),
    "step": ({"at": AT, "by": 1}, PLAYBACK),
    "live": ({}, LIVE),
    "play": ({"speed": 2.0}, None),
    "speed": ({"speed": -2.0}, None),
    "pause": ({}, None),
    "position": ({"at": AT}, None),
    "audio": ({"on": True}, None),
    "close": ({}, None),
    "ping": ({"t": 1}, None),
}
"""What each message asks for; None: nothing beyond what its stream was opened with."""
ROLES = [
    User("nothing"),
    User("all but pictures", GRANTABLE - {LIVE, PLAYBACK}),
    User("live on 1", frozenset({LIVE}), frozenset({1})),
    User("past of 1", frozenset({PLAYBACK}), frozenset({1})),
    User("live on 1, past of 2", frozenset({LIVE, PLAYBACK}), None, 0,
         {LIVE: frozenset({1}), PLAYBACK: frozenset({2})}),
    User("all on 2", GRANTABLE, frozenset({2})),
    User("admin", GRANTABLE),
]  # fmt: skip


def may(user: User, permission: Permission | None, channel: int) -> bool:
    if permission is None:
        return True
    channels = user.narrowed.get(permission, user.channels)
    return permission in user.permissions and (channels is None or channel in channels)


def test_each_message_says_what_it_asks_for() -> None:
    union = typing.get_args(requests.Request)
    known = {op for model in union for op in typing.get_args(model.model_fields["op"].annotation)}
    assert known == {op.split()[0] for op in ASKS}


async def test_the_matrix_of_messages_roles_and_channels_has_no_hole(
    connect: Any, recorder: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, refused, holes = 0, 0, []
    for user in ROLES:
        client = await connect(user)
        for channel in (1, 2):
            opened = next((p for p in (LIVE, PLAYBACK) if may(user, p, channel)), None)
            for op, (fields, permission) in ASKS.items():
                number = 0
                if opened is not None:
                    past = {"at": AT} if opened is PLAYBACK else {}
                    number = await client.open(channel, stream="main", **past)
                if op.startswith("open"):
                    number = await client.open(channel, **fields)
                else:
                    await client.send(op=op, id=number, **fields)
                asked += 1
                pongs = len(client.notices("pong"))
                await client.send(op="ping", t=2)
                await client.notice("pong", count=pongs + 1)
                codes = {notice["code"] for notice in client.notices("fault", number)}
                barred = not may(user, permission, channel)
                refused += bool(codes & {"not_allowed", "not_open"})
                if barred and not codes & {"not_allowed", "not_open"}:
                    holes.append(f"{op} on D{channel} as {user.name}: let through")
                if not barred and "not_allowed" in codes:
                    holes.append(f"{op} on D{channel} as {user.name}: refused")
                await client.send(op="close", id=number)
        assert not [item for item in client.heard if not isinstance(item, dict)]
    assert not holes, "\n".join(holes)
    with capsys.disabled():
        print(
            f"\npermission matrix of the media socket: {len(ASKS)} messages, {asked} questions "
            f"(messages x roles x channels), {refused} refused, no hole"
        )


async def test_a_right_that_is_taken_away_closes_the_socket(connect: Any, app: Any) -> None:
    client = await connect(User("guard", frozenset({LIVE})))
    app[SESSIONS].follow({"guard": User("guard", frozenset({LIVE}), frozenset({3}))})
    async with asyncio.timeout(5):
        await client._task  # hears until the box closes
    assert client.socket.closed


@pytest.mark.parametrize("op", ["seek", "step"])
async def test_whoever_goes_to_the_past_within_a_stream_is_noted(
    connect: Any, app: Any, recorder: Any, op: str
) -> None:
    """Else live view, or an hour of no interest, would be the way to look unnoticed."""
    client = await connect()
    number = await client.open(1, stream="main")
    fields, _permission = ASKS[op]
    await client.send(op=op, id=number, **fields)
    await client.send(op="ping", t=2)
    await client.notice("pong")
    hour = AT - AT % VIEW_STEP_MS
    assert [key.partition(" ")[2] for key in app[NOTES].seen] == [f"1 {hour}"]
