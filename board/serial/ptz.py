"""PTZ cameras of one bus by channel: what operators and tours ask, in the bus's words."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from board.errors import BoardError
from board.serial.arbiter import LEASE_S, Camera
from board.serial.bus import SerialBus
from board.serial.motion import ActionKind, Motion, check_address
from board.serial.protocols import check_baud, protocol
from board.serial.tours import (
    SCAN_DWELL_S,
    SCAN_PRESETS,
    Tour,
    TourStep,
    checked_steps,
)
from board.timing import Timing

ProgramKind = Literal["tour", "scan", "auto_pan", "pattern"]


@dataclass(frozen=True, slots=True)
class Program:
    """What a camera does by itself: kind and number (of the tour or pattern, speed of a pan)."""

    kind: ProgramKind
    number: int


class PtzBus:
    """Channels with a camera on `bus`.  `changed(channel)` hears of programs that begin and end."""

    def __init__(
        self,
        bus: SerialBus,
        timing: Timing,
        changed: Callable[[int], None] = lambda channel: None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._timing = timing
        self._changed = changed
        self._now_s = now_s
        self._cameras: dict[int, Camera] = {}
        self._programs: dict[int, Program] = {}
        self._tours: dict[int, Tour] = {}

    @property
    def cameras(self) -> dict[int, Camera]:
        """Cameras by channel."""
        return dict(self._cameras)

    @property
    def programs(self) -> dict[int, Program]:
        """What cameras do by themselves, by channel."""
        return dict(self._programs)

    @property
    def moving(self) -> dict[int, str]:
        """Who moves which channel."""
        return {key: who for key, who in self._bus.wishes.moving.items() if isinstance(key, int)}

    def configure(self, channel: int, name: str | None, address: int = 1, baud: int = 9600) -> None:
        """Set a channel's protocol, address and baud rate; None: it has no camera here.

        Raises BoardError; then nothing has changed.
        """
        camera = None
        if name is not None:
            encoder = protocol(name)
            camera = Camera(encoder, check_address(encoder, address), check_baud(baud))
        if camera == self._cameras.get(channel):
            return
        self._bus.wishes.configure(channel, camera)
        self._end(channel)
        if camera is None:
            self._cameras.pop(channel, None)
        else:
            self._cameras[channel] = camera
        self._bus.wake()

    # -- an operator ---------------------------------------------------------------------------

    def move(self, channel: int, motion: Motion, client: str) -> None:
        """Move while `client` renews it at least every LEASE_S seconds."""
        self._ready(channel)
        self._end(channel)
        self._bus.wishes.move(channel, motion, client, self._now_s(), lease_s=LEASE_S)
        self._bus.wake()

    def stop(self, channel: int) -> None:
        """Stop motion and whatever the camera does by itself."""
        self._camera(channel)
        self._end(channel)
        self._bus.wishes.stop(channel)
        self._bus.wake()

    def client_gone(self, client: str) -> None:
        """Stop what a client moves."""
        self._bus.wishes.client_gone(client)
        self._bus.wake()

    def act(self, channel: int, kind: ActionKind, number: int) -> None:
        """Send an action; whatever the camera did by itself ends."""
        self._ready(channel)
        self._send(channel, kind, number)
        if kind in ("aux_on", "aux_off", "preset_set", "preset_clear", "pattern_begin"):
            return
        self._end(channel)
        if kind == "pattern_run":
            self._begin(channel, Program("pattern", number))

    def ask(self, channel: int, heard: Callable[[bool], None]) -> None:
        """Have the camera asked whether it is there; `heard` is called with the answer."""
        camera = self._ready(channel)
        self._bus.wishes.ask(
            channel, lambda data: heard(camera.encoder.answers(camera.address, data))
        )
        self._bus.wake()

    # -- by itself -----------------------------------------------------------------------------

    def tour(self, channel: int, number: int, steps: Sequence[TourStep]) -> None:
        """Go round presets until somebody moves or stops the camera."""
        camera = self._ready(channel)
        checked = checked_steps(steps, camera.encoder.last_preset)
        self._run(channel, Program("tour", number), checked)

    def scan(self, channel: int) -> None:
        """Sweep between the two limits that were set."""
        self._ready(channel)
        steps = tuple(TourStep(preset, SCAN_DWELL_S) for preset in SCAN_PRESETS)
        self._run(channel, Program("scan", 0), steps)

    def auto_pan(self, channel: int, percent: int) -> None:
        """Pan all the time; negative: to the left."""
        self._ready(channel)
        motion = Motion(pan=percent)
        self._end(channel)
        self._bus.wishes.move(channel, motion, "auto pan", self._now_s(), lease_s=None)
        if percent:
            self._begin(channel, Program("auto_pan", percent))
        self._bus.wake()

    def close(self) -> None:
        """End every tour."""
        for channel in list(self._programs):
            self._end(channel)

    def _run(self, channel: int, program: Program, steps: Sequence[TourStep]) -> None:
        self._end(channel)
        tour = Tour(steps, lambda preset: self._send(channel, "preset_go", preset), self._timing)
        self._tours[channel] = tour
        tour.start()
        self._begin(channel, program)

    def _begin(self, channel: int, program: Program) -> None:
        self._programs[channel] = program
        self._changed(channel)

    def _end(self, channel: int) -> None:
        tour = self._tours.pop(channel, None)
        if tour is not None:
            tour.stop()
        program = self._programs.pop(channel, None)
        if program is None:
            return
        if program.kind in ("auto_pan", "pattern") and channel in self._cameras:
            self._bus.wishes.stop(channel)
            self._bus.wake()
        self._changed(channel)

    def _send(self, channel: int, kind: ActionKind, number: int) -> None:
        camera = self._camera(channel)
        self._bus.wishes.act(channel, camera.encoder.action(camera.address, kind, number))
        self._bus.wake()

    def _camera(self, channel: int) -> Camera:
        camera = self._cameras.get(channel)
        if camera is None:
            raise BoardError(
                "ptz.none",
                "D{channel} has no PTZ camera on the serial bus. "
                "Choose its protocol and address under Serial ports.",
                channel=channel,
            )
        return camera

    def _ready(self, channel: int) -> Camera:
        camera = self._camera(channel)
        if self._bus.fault is not None:
            raise self._bus.fault
        return camera
