"""What the buttons do: power switches off, reset sets the factory state, both with a countdown."""

from __future__ import annotations

from collections.abc import Callable

POWER_S = 3
"""Held for so long the power button shuts down (D2-PW-04); it need not be let go first."""

RESET_FROM_S = 5
RESET_TO_S = 10
"""Let go between these, the reset button resets (D2-MT-36); held to the end it does so too, as
the ten-second press of cameras does (A10.4)."""

COUNTDOWN = 5
"""LEDs of the countdown: one goes out each second."""


class PowerButton:
    """Calls `shut_down` once per press that is long enough; short presses do nothing."""

    def __init__(self, shut_down: Callable[[], None]) -> None:
        self._shut_down = shut_down

    def held(self, seconds: int) -> None:
        """Count."""
        if seconds == POWER_S:
            self._shut_down()

    def let_go(self, seconds: float) -> None:
        """A press that was too short means nothing; one that was not has had its effect."""


class ResetButton:
    """Calls `reset` once per press; `show(seconds left)` while it counts.

    `show` hears 5 to 1 before a reset would happen, 0 while letting go resets, None when it is
    over, whatever came of it.
    """

    def __init__(self, reset: Callable[[], None], show: Callable[[int | None], None]) -> None:
        self._reset = reset
        self._show = show
        self._over = True

    def held(self, seconds: int) -> None:
        """Count down."""
        if seconds == 0:
            self._over = False
        if self._over:
            return
        if seconds >= RESET_TO_S:
            self._end(reset=True)
        else:
            self._show(max(0, RESET_FROM_S - seconds))

    def let_go(self, seconds: float) -> None:
        """Reset where it was held long enough."""
        if not self._over:
            self._end(reset=seconds >= RESET_FROM_S)

    def _end(self, *, reset: bool) -> None:
        self._over = True
        self._show(None)
        if reset:
            self._reset()
