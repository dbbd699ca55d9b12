"""Opens every output when the program that has them dies without doing so (kill -9, a crash).

`python -m board.relays.guardian PLAN`: a process of its own that does nothing but wait for the end
of its standard input.  The kernel closes that at the death of whoever holds the other end, and
takes its lines back; the level of a line may stay, so each is claimed here as inactive and given
back.  `DONE` on the input says that all is well and nothing is to be done.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

from board.errors import BoardError
from board.lines.contract import Backend, LineBank, LineError, LineRef
from board.lines.open import open_lines

if TYPE_CHECKING:
    from board.timing import Readers

DONE, READY = b"done", b"ready\n"
GIVE_UP_S = 3.0
"""So long a line that somebody has is tried again: the dead one's, or already its successor's."""
AGAIN_S = 0.005


@dataclass(frozen=True, slots=True)
class Plan:
    """What to open: back end, `library` in place of its own ("": its own), chip, lines.

    `lines`: offset, and whether the line is active low.
    """

    backend: Backend
    library: str
    chip: str
    lines: tuple[tuple[int, bool], ...]

    def text(self) -> str:
        """Return it as an argument."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Plan:
        """Read an argument; raises ValueError, KeyError or TypeError."""
        found = json.loads(text)
        lines = tuple((int(offset), bool(low)) for offset, low in found["lines"])
        return cls(found["backend"], found["library"], found["chip"], lines)


def open_outputs(bank: LineBank, refs: Sequence[LineRef], patience_s: float) -> list[LineError]:
    """Drive each line inactive and give it back; return why those that could not be had."""
    until = time.monotonic() + patience_s
    left, errors = list(refs), dict[LineRef, LineError]()
    while left:
        for ref in list(left):
            try:
                bank.claim_output(ref, "guardian", active=False).release()
            except LineError as error:
                errors[ref] = error
                if error.code == "line.taken" and time.monotonic() < until:
                    continue
            else:
                errors.pop(ref, None)
            left.remove(ref)
        if left:
            time.sleep(AGAIN_S)
    return list(errors.values())


def main(arguments: Sequence[str]) -> int:
    """Wait for the end of the input, then act."""
    try:
        plan = Plan.of(arguments[0])
        no_loop = cast("Readers", None)  # outputs have no edges to hear of
        bank = open_lines(plan.backend, no_loop, plan.library)
    except (LookupError, ValueError, TypeError, BoardError) as error:
        sys.stderr.write(f"The guardian of the outputs cannot work: {error}\n")
        return 2
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    if sys.stdin.buffer.read() == DONE:
        return 0
    refs = [LineRef(plan.chip, offset, active_low) for offset, active_low in plan.lines]
    errors = open_outputs(bank, refs, GIVE_UP_S)
    for failed in errors:
        sys.stderr.write(f"An output was not opened: {failed}\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
