"""Outputs open when the program that holds them is killed: real processes, a chip in a file."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from board.relays.guardian import DONE, READY, Plan
from board.sim.kept_levels import KeptLevels

RELAY, INVERTED, LINES = 16, 17, 28
PATIENCE_S = 20.0

HOLDER = """
import sys
from board.lines.contract import LineRef
from board.lines.gpiod_lines import GpiodLines
from board.sim import kept_gpiod
bank = GpiodLines(kept_gpiod, None)
for offset, low in ((16, False), (17, True)):
    bank.claim_output(LineRef(sys.argv[1], offset, low), "holder", active=True)
sys.stdout.write("closed\\n")
sys.stdout.flush()
sys.stdin.read()
"""


class Desk:
    """A chip whose outputs a program has closed, and the guardian of that program."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "levels"
        self.chip = KeptLevels(self.path, LINES)
        plan = Plan("gpiod", "board.sim.kept_gpiod", str(self.path), ((RELAY, False), (17, True)))
        self.guardian = subprocess.Popen(
            [sys.executable, "-m", "board.relays.guardian", plan.text()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.guardian.stdout is not None
        assert self.guardian.stdout.readline() == READY
        self.holder = self.hold(self.guardian)

    def hold(self, guardian: subprocess.Popen[bytes] | None = None) -> subprocess.Popen[bytes]:
        """Start a program that closes the outputs; it alone holds the guardian's pipe."""
        pipe = guardian and guardian.stdin
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(pipe.fileno(),) if pipe else (),
        )
        if guardian is not None and pipe is not None:
            pipe.close()
            guardian.stdin = None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"closed\n"
        return holder

    @property
    def closed(self) -> tuple[bool, bool]:
        """Whether each of the two outputs is on."""
        return self.chip.high(RELAY), not self.chip.high(INVERTED)

    def close(self) -> None:
        for process in (self.holder, self.guardian):
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def test_outputs_open_when_the_program_that_has_them_is_killed(desk: Desk) -> None:
    assert desk.closed == (True, True)
    desk.holder.kill()
    desk.holder.wait()
    assert desk.guardian.wait(PATIENCE_S) == 0
    assert desk.closed == (False, False)
    assert desk.chip.take(RELAY)  # and the lines are free for whoever comes next


def test_levels_stay_without_a_guardian_as_on_a_real_controller(desk: Desk) -> None:
    desk.guardian.kill()
    desk.guardian.wait()
    desk.holder.kill()
    desk.holder.wait()
    assert desk.closed == (True, True)


def test_a_program_that_ends_in_order_says_so_and_nothing_is_touched(tmp_path: Path) -> None:
    chip = KeptLevels(tmp_path / "levels", LINES)
    chip.write(RELAY, high=True)
    plan = Plan("gpiod", "board.sim.kept_gpiod", str(tmp_path / "levels"), ((RELAY, False),))
    done = subprocess.run(
        [sys.executable, "-m", "board.relays.guardian", plan.text()],
        input=DONE,
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0
    assert chip.high(RELAY)


def test_the_lines_of_a_successor_are_left_alone(desk: Desk) -> None:
    assert desk.chip.take(RELAY) is False
    desk.guardian.kill()
    plan = Plan("gpiod", "board.sim.kept_gpiod", str(desk.path), ((RELAY, False),))
    start = time.monotonic()
    late = subprocess.run(
        [sys.executable, "-m", "board.relays.guardian", plan.text()],
        input=b"",
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert late.returncode == 1
    assert b"another program has it" in late.stderr
    assert desk.closed == (True, True)
    assert time.monotonic() - start < PATIENCE_S


@pytest.mark.parametrize("text", ["", "[]", '{"backend": "gpiod"}'])
def test_a_plan_that_makes_no_sense_is_refused_in_words(text: str) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "board.relays.guardian", text],
        input=b"",
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert refused.returncode == 2
    assert b"guardian of the outputs cannot work" in refused.stderr
