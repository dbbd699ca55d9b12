"""The recorder as a computer in the supervisor: the helper, power and time, as one part."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from appliance.bus.io_messages import StartStatus
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.paths import Paths
from appliance.settings.store import SettingsStore
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.leaving import Leaving
from appliance.supervisor.power_service import PowerService, Surroundings
from appliance.supervisor.time_service import Around, TimeService


@dataclass(frozen=True, slots=True)
class Senses:
    """What these parts ask of the others; see `power_service.Surroundings`, `time_service.Around`.

    `leave(how)` ends everything.
    """

    recording: Callable[[], tuple[int, int]]
    starts: Callable[[], list[StartStatus]]
    rtc_ahead_s: Callable[[], float | None]
    look_at_clock: Callable[[], None]
    leave: Callable[[Leaving], None]


class ComputerParts:
    """Power and time; everything that changes the computer goes through `helper`."""

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsStore,
        paths: Paths,
        helper: HelperService,
        senses: Senses,
    ) -> None:
        self._helper = helper
        self.power = PowerService(
            bus,
            events,
            settings,
            paths.state,
            Surroundings(senses.recording, senses.starts, senses.leave),
        )
        around = Around(
            senses.recording,
            senses.rtc_ahead_s,
            senses.look_at_clock,
            simulated=not paths.on_box,
        )
        self.time = TimeService(bus, events, settings, helper, around)

    def start(self) -> list[Coroutine[Any, Any, None]]:
        """Begin to look for the helper; return the work that is to go on until the end."""
        self._helper.start()
        return [self.power.run(), self.time.run()]
