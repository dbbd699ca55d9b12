"""Who may speak next on a serial bus: stops first, then actions, then motion, then questions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from board.errors import BoardError
from board.serial.motion import STILL, Encoder, Motion
from board.serial.protocols import gap_s

LEASE_S = 0.6
"""An operator's motion ends unless it is renewed within: with a frame under way, the pause before
the next and the frames of a stop a camera stands still in less than 1 s after its operator's
client has vanished."""

REPEAT_S = 0.5
"""A motion that goes on is said again: cameras stop by themselves after 15 s, some never."""

STOPS = 3
ASK_S = 0.25
MAX_ACTIONS = 64
MAX_CAMERAS = 64

Key = Hashable
Heard = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Camera:
    """A PTZ camera on the bus."""

    encoder: Encoder
    address: int
    baud: int


@dataclass(frozen=True, slots=True)
class Send:
    """What to put on the line: frames of one camera, its baud rate, the pause after each (s).

    With `answer_bytes` so many are waited for, `answer_s` long, and given to `heard`, none where
    nothing came.
    """

    frames: tuple[bytes, ...]
    baud: int
    gap_s: float
    answer_bytes: int = 0
    answer_s: float = 0.0
    heard: Heard | None = None


@dataclass(slots=True)
class Poll:
    """A question that is asked again and again."""

    frame: bytes
    baud: int
    interval_s: float
    answer_bytes: int
    answer_s: float
    heard: Heard
    due_s: float = 0.0


@dataclass(slots=True)
class _Moving:
    motion: Motion
    client: str
    until_s: float | None
    said: Motion = STILL
    said_at_s: float | None = None


@dataclass(slots=True)
class _Queues:
    stops: dict[Key, int] = field(default_factory=dict)
    actions: deque[Send] = field(default_factory=deque)
    moving: dict[Key, _Moving] = field(default_factory=dict)
    polls: dict[Key, Poll] = field(default_factory=dict)


class Arbiter:
    """The order of one bus, as a pure function of wishes and time (seconds, monotonic).

    Of a camera's motions only the newest is kept; a stop throws away its motion and is said three
    times; wishes of one camera never hold up another's stop.
    """

    def __init__(self) -> None:
        self._cameras: dict[Key, Camera] = {}
        self._queues = _Queues()
        self._turn = 0
        self.dropped = 0

    # -- wishes --------------------------------------------------------------------------------

    def configure(self, key: Key, camera: Camera | None) -> None:
        """Add, change or (None) remove a camera; one that moves is stopped as it was."""
        before = self._cameras.get(key)
        if before == camera:
            return
        moving = self._queues.moving.pop(key, None)
        self._queues.stops.pop(key, None)
        if before is not None and moving is not None:
            frames = tuple(before.encoder.stop(before.address)) * STOPS
            self._queues.actions.appendleft(Send(frames, before.baud, gap_s(before.baud)))
        if camera is None:
            self._cameras.pop(key, None)
        else:
            if key not in self._cameras and len(self._cameras) >= MAX_CAMERAS:
                raise BoardError("ptz.full", "A bus has {most} cameras at most.", most=MAX_CAMERAS)
            self._cameras[key] = camera

    def move(
        self,
        key: Key,
        motion: Motion,
        client: str,
        now_s: float,
        *,
        lease_s: float | None = LEASE_S,
    ) -> None:
        """Move a camera until `client` renews no longer (`lease_s` None: until stopped).

        Whoever comes last has the camera.  Raises BoardError for a camera that is not there.
        """
        self._camera(key)
        if motion == STILL:
            self.stop(key)
            return
        until = None if lease_s is None else now_s + lease_s
        self._queues.stops.pop(key, None)
        moving = self._queues.moving.get(key)
        if moving is None:
            self._queues.moving[key] = _Moving(motion, client, until)
        else:
            moving.motion, moving.client, moving.until_s = motion, client, until

    def stop(self, key: Key) -> None:
        """Stop a camera.  Raises BoardError for a camera that is not there."""
        self._camera(key)
        self._queues.moving.pop(key, None)
        self._queues.stops[key] = STOPS

    def client_gone(self, client: str) -> None:
        """Stop all that a client moves."""
        for key, moving in list(self._queues.moving.items()):
            if moving.client == client:
                self.stop(key)

    def act(self, key: Key, frames: list[bytes]) -> None:
        """Send frames of an action in order.  Raises BoardError (ptz.busy) when too many wait."""
        camera = self._camera(key)
        if len(self._queues.actions) >= MAX_ACTIONS:
            self.dropped += 1
            raise BoardError("ptz.busy", "Too much waits for this bus. Try again in a moment.")
        self._queues.actions.append(Send(tuple(frames), camera.baud, gap_s(camera.baud)))

    def ask(self, key: Key, heard: Heard) -> None:
        """Ask a camera whether it is there; `heard` gets what it said, b"" for nothing."""
        camera = self._camera(key)
        question = camera.encoder.query(camera.address)
        if len(self._queues.actions) >= MAX_ACTIONS:
            raise BoardError("ptz.busy", "Too much waits for this bus. Try again in a moment.")
        self._queues.actions.append(
            Send((question,), camera.baud, gap_s(camera.baud), 16, ASK_S, heard)
        )

    def poll(self, key: Key, poll: Poll | None) -> None:
        """Ask regularly whenever nothing else is to be said; None: no longer."""
        if poll is None:
            self._queues.polls.pop(key, None)
        else:
            self._queues.polls[key] = poll

    def reopened(self) -> None:
        """Forget what waited while the device was gone, and stop every camera there is.

        Nobody knows what a camera heard last; one that turns for ever would be worse.
        """
        for send in self._queues.actions:
            if send.heard is not None:
                send.heard(b"")
        self._queues.actions.clear()
        self._queues.moving.clear()
        self._queues.stops = dict.fromkeys(self._cameras, STOPS)

    # -- the line ------------------------------------------------------------------------------

    def next(self, now_s: float) -> Send | None:
        """Return what to send now and count it as sent; None where nothing is due."""
        for key, moving in list(self._queues.moving.items()):
            if moving.until_s is not None and now_s >= moving.until_s:
                self.stop(key)
        return (
            self.next_stop() or self._next_action() or self._next_motion(now_s) or self._ask(now_s)
        )

    def due_s(self) -> float | None:
        """Return when `next` may have something that it has not now; None: not by itself."""
        times = [poll.due_s for poll in self._queues.polls.values()]
        for moving in self._queues.moving.values():
            if moving.until_s is not None:
                times.append(moving.until_s)
            if moving.said_at_s is not None:
                times.append(moving.said_at_s + REPEAT_S)
        return min(times, default=None)

    @property
    def moving(self) -> dict[Key, str]:
        """Cameras that move, and who moves them."""
        return {key: moving.client for key, moving in self._queues.moving.items()}

    def _camera(self, key: Key) -> Camera:
        if key not in self._cameras:
            raise BoardError(
                "ptz.none",
                "This channel has no PTZ camera on the serial bus. "
                "Choose its protocol and address under Serial.",
            )
        return self._cameras[key]

    def next_stop(self) -> Send | None:
        """Return the next frames that stop a camera; None where none has to be stopped."""
        for key, left in self._queues.stops.items():
            camera = self._cameras[key]
            del self._queues.stops[key]
            if left > 1:
                self._queues.stops[key] = left - 1  # behind the stops of others
            frames = tuple(camera.encoder.stop(camera.address))
            return Send(frames, camera.baud, gap_s(camera.baud))
        return None

    def _next_action(self) -> Send | None:
        return self._queues.actions.popleft() if self._queues.actions else None

    def _next_motion(self, now_s: float) -> Send | None:
        keys = list(self._queues.moving)
        for step in range(len(keys)):
            key = keys[(self._turn + step) % len(keys)]
            moving = self._queues.moving[key]
            repeat = moving.said_at_s is not None and now_s >= moving.said_at_s + REPEAT_S
            if moving.motion == moving.said and not repeat:
                continue
            self._turn = (self._turn + step + 1) % len(keys)
            camera = self._cameras[key]
            before = STILL if repeat else moving.said
            frames = camera.encoder.move(camera.address, moving.motion, before)
            moving.said, moving.said_at_s = moving.motion, now_s
            return Send(tuple(frames), camera.baud, gap_s(camera.baud))
        return None

    def _ask(self, now_s: float) -> Send | None:
        due = [poll for poll in self._queues.polls.values() if poll.due_s <= now_s]
        if not due:
            return None
        poll = min(due, key=lambda poll: poll.due_s)
        poll.due_s = now_s + poll.interval_s
        return Send(
            (poll.frame,), poll.baud, 35 / poll.baud, poll.answer_bytes, poll.answer_s, poll.heard
        )
