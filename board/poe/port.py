"""One PoE port as the controller follows it: from plugged in to powered, and what went wrong."""

from __future__ import annotations

from dataclasses import replace

from board.poe.backoff import Backoff
from board.poe.budget import PortDemand, request_mw
from board.poe.history import PortHistory
from board.poe.model import PortReason, PortSettings, PortSnapshot, PortState
from board.poe.recovery import Recovery
from board.profile.poe import PoePort
from board.pse.contract import ChannelReading, Detection

START_S = 8.0
"""From the order to delivered power: detection, class, and up to 4 s of the chip's cool-down."""
LIMIT_SAMPLES = 3

_NO_PD: dict[Detection, PortReason] = {
    "short": "signature_short",
    "low": "signature_low",
    "high": "signature_high",
    "capacitance": "capacitance",
    "legacy": "capacitance",
    "mosfet": "mosfet",
}
_NOTHING = ChannelReading("unknown", None, False, False, 0.0, 0.0)


class Port:
    """State of a port; all times are monotonic seconds."""

    def __init__(self, wiring: PoePort, now: float) -> None:
        self.wiring = wiring
        self.number = wiring.number
        self.settings = PortSettings()
        self.state: PortState = "searching"
        self.reason: PortReason = ""
        self.changed_at = now
        self.reading = _NOTHING
        self.history = PortHistory()
        self.recovery = Recovery()
        self.backoff = Backoff()
        self.on_since: float | None = None
        self.order = 0
        self._asked_at: float | None = None
        self._fault: PortReason = ""
        self._cycle_until: float | None = None
        self._cycle_reason: PortReason = ""
        self._over_limit = 0
        self._booked_class: int | None = None
        self.unplugs = 0

    # -- what happens to it --------------------------------------------------------------------

    def read(self, reading: ChannelReading, now: float) -> None:
        """Take what the chip says."""
        before, self.reading = self.reading, reading
        for fault in reading.faults:
            if fault == "disconnect":
                self._unplugged()
            elif fault != "start_refused":
                self.fail(fault, now)
        if reading.good:
            self._asked_at = None
            if self.on_since is None:
                self.on_since = now
                self._booked_class = reading.pd_class
            self.backoff.healthy_since(self.on_since, now)
        else:
            self.on_since = None
        if reading.detection == "open" and before.detection != "open":
            self._unplugged()
        if reading.detection == "mosfet":
            self._fault = "mosfet"
        if self._asked_at is not None and now - self._asked_at > START_S:
            self.fail("start_timeout", now)

    def measure(self) -> bool:
        """Add a second to the history; return whether it was over the operator's limit 3 s."""
        volts, amps = (self.reading.volts, self.reading.amps) if self.powered else (0.0, 0.0)
        self.history.add(volts, amps)
        limit = self.settings.limit_w
        over = limit is not None and volts * amps > limit
        self._over_limit = self._over_limit + 1 if over else 0
        return self._over_limit >= LIMIT_SAMPLES

    def ordered_on(self, order: int, now: float) -> None:
        """The chip was told to power it."""
        self._asked_at = now
        self._fault = ""
        self.order = order
        self._booked_class = self.reading.pd_class

    def ordered_off(self) -> None:
        """The chip was told to cut its power."""
        self._asked_at = None
        self.reading = replace(self.reading, enabled=False, good=False, volts=0.0, amps=0.0)
        self.on_since = None
        self._over_limit = 0

    def fail(self, reason: PortReason, now: float) -> None:
        """Something is wrong with what is plugged in: wait before it gets power again."""
        self._fault = reason
        self._asked_at = None
        self.backoff.fail(now)

    def begin_cycle(self, reason: PortReason, until: float) -> None:
        """Off until a moment, whatever waits."""
        self._cycle_until = until
        self._cycle_reason = reason
        self._fault = ""
        self.backoff.forget()

    def _unplugged(self) -> None:
        self.unplugs += 1
        self._fault = ""
        self._asked_at = None
        self._over_limit = 0
        self.backoff.forget()
        self.history.forget_device()

    # -- what it is ----------------------------------------------------------------------------

    @property
    def powered(self) -> bool:
        """Delivering."""
        return self.reading.good

    @property
    def starting(self) -> bool:
        """Ordered on, and not delivering yet."""
        return self._asked_at is not None

    @property
    def may_have_power(self) -> bool:
        """Whether power is on, or could come on by itself: it counts for the budget."""
        return self.powered or self.reading.enabled or self.starting

    def cycling(self, now: float) -> bool:
        """Held off to start its device anew."""
        if self._cycle_until is not None and now >= self._cycle_until:
            self._cycle_until = None
        return self._cycle_until is not None

    def ready(self, now: float) -> bool:
        """Whether a PD waits for power and may be given it."""
        return (
            self.settings.enabled
            and not self.may_have_power
            and self.reading.detection == "valid"
            and self.reading.pd_class is not None
            and self.reading.pd_class <= 4
            and now >= self.backoff.until
            and not self.cycling(now)
        )

    def booked_mw(self, *, learn: bool) -> int:
        """Return what is booked for what is plugged in."""
        pd_class = self._booked_class if self.may_have_power else self.reading.pd_class
        limit = self.settings.limit_w
        limit_w = self.wiring.max_w if limit is None else min(limit, self.wiring.max_w)
        learned = self.history.learned_mw if learn else None
        known = 0 if pd_class is None else min(pd_class, 4)  # unknown counts as 15.4 W, class 0
        return request_mw(known, round(limit_w * 1000), learned)

    def demand(self, now: float, *, learn: bool) -> PortDemand:
        """Return the port as the budget sees it."""
        return PortDemand(
            number=self.number,
            priority=self.settings.priority,
            request_mw=self.booked_mw(learn=learn),
            on=self.may_have_power,
            wants=self.ready(now),
            measured_mw=round(self.reading.watts * 1000) if self.powered else 0,
            since=self.order,
        )

    def judge(
        self, now: float, *, works: bool, refused: PortReason
    ) -> tuple[PortState, PortReason]:
        """Return state and reason as they are now."""
        if not works:
            return "unreachable", "bus"
        if self.cycling(now):
            return "cycling", self._cycle_reason
        if not self.settings.enabled:
            return "disabled", ""
        if self.powered:
            return "on", ""
        if self.starting:
            return "starting", ""
        if self._fault:
            return "fault", self._fault
        detection = self.reading.detection
        if detection in _NO_PD:
            return "no_pd", _NO_PD[detection]
        if detection != "valid":
            if detection == "unknown" and self.state in ("searching", "waiting"):
                return self.state, self.reason  # between two looks
            return "searching", ""
        if self.reading.pd_class is None or self.reading.pd_class > 4:
            return "no_pd", "bad_class"
        if self.state == "waiting" and self.reason != "retry" and refused in ("", "budget"):
            return "waiting", self.reason  # why it began to wait tells more than that it still does
        return "waiting", refused or "retry"

    def snapshot(self, now: float, *, learn: bool) -> PortSnapshot:
        """Return it for people."""
        learned = self.history.learned_mw
        reading = self.reading
        return PortSnapshot(
            number=self.number,
            state=self.state,
            reason=self.reason,
            since_s=round(now - self.changed_at, 1),
            retry_s=round(max(0.0, self.backoff.until - now), 1),
            priority=self.settings.priority,
            detection=reading.detection,
            pd_class=reading.pd_class,
            volts=round(reading.volts, 2),
            amps=round(reading.amps, 4),
            watts=round(reading.watts, 2),
            booked_w=self.booked_mw(learn=learn) / 1000 if self.may_have_power else 0.0,
            limit_w=self.settings.limit_w,
            learned_w=None if learned is None else learned / 1000,
            energy_wh=round(self.history.energy_mwh / 1000, 3),
            recoveries_today=self.recovery.today,
            unplugs=self.unplugs,
            alone_s=round(self.recovery.alone_s(now), 1),
        )
