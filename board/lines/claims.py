"""What both back ends keep of claimed lines: who has which, and giving each back once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from board.lines.contract import LineError, LineRef, Owners, line_failed

if TYPE_CHECKING:
    from board.timing import Readers


class Claims:
    """The lines that a back end has claimed; `loop` hears of edges."""

    def __init__(self, loop: Readers) -> None:
        self.loop = loop
        self.owners = Owners()
        self._lines: list[ClaimedLine] = []

    def close(self) -> None:
        """Release every line still claimed."""
        for line in list(self._lines):
            line.release()

    def add(self, line: ClaimedLine) -> None:
        """Note a line that was claimed."""
        self._lines.append(line)

    def drop(self, line: ClaimedLine) -> None:
        """Note that a line was given back."""
        self.owners.drop(line.ref)
        self._lines.remove(line)


class ClaimedLine:
    """A line from its claim to its release."""

    def __init__(self, claims: Claims, ref: LineRef, owner: str) -> None:
        self.ref = ref
        self.owner = owner
        self.claimed = True
        self._claims = claims
        claims.add(self)

    def release(self) -> None:
        """Give the line back; a second time does nothing."""
        if self.claimed:
            self.claimed = False
            self._give_back()
            self._claims.drop(self)

    def _give_back(self) -> None:
        """Have the library give it back."""

    def _failed(self, reason: object) -> LineError:
        return line_failed(self.ref, self.owner, reason)

    def _check(self) -> None:
        if not self.claimed:
            raise self._failed("it was given back")
