"""What a camera really sent: a bounded log of access units, to compare with what was stored."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

LOG_LENGTH = 60_000
"""Units kept for one stream: 10 minutes of 25 pictures and 50 sounds a second."""


@dataclass(frozen=True, slots=True)
class SentUnit:
    """One access unit handed to the clients that were playing.

    `digest` is `nal.picture_digest`; `rtp_time` as on the wire (32 bits); `utc_ns` the camera's
    own clock at capture; `sessions` how many clients got it; `skipped` how many did not, because
    they did not read fast enough.
    """

    serial: int
    track: int
    kind: str
    rtp_time: int
    utc_ns: int
    digest: str
    size: int
    key: bool
    sessions: int
    skipped: int

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


class SentLog:
    """The last LOG_LENGTH units of one stream; `forgotten` counts those that fell out."""

    def __init__(self, length: int = LOG_LENGTH) -> None:
        self._units: deque[SentUnit] = deque(maxlen=length)
        self.count = 0

    @property
    def forgotten(self) -> int:
        """How many units were sent but are no longer here."""
        return self.count - len(self._units)

    def add(self, unit: SentUnit) -> None:
        """Append; `unit.serial` must be `count`."""
        self._units.append(unit)
        self.count += 1

    def since(self, serial: int = 0) -> Iterator[SentUnit]:
        """Yield units from that serial number on, as far as they are still here."""
        return islice(self._units, max(0, serial - self.forgotten), None)

    def __len__(self) -> int:
        return len(self._units)
