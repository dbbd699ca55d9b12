"""The bench's PoE part: simulated chips on simulated buses, and hands that plug things in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from board.errors import BoardError
from board.profile.poe import Poe
from board.sim.devices import CATALOGUE, Device
from board.sim.pse_chips import SimQuad, SimTps23861, SimTps23881, Sram
from board.sim.pse_port import PsePort
from board.sim.smbus import SimBus, SimSmBus

TEMPERATURES = (-40.0, 125.0)
MOST_EXTRA_W = 60.0


class BenchError(BoardError):
    """The bench was asked for something it does not have."""


class PoeBench:
    """Chips of a profile.  `now` in monotonic seconds; `opened` stands for smbus2.SMBus."""

    def __init__(self, poe: Poe, now: Callable[[], float]) -> None:
        self.temperature_c: float | None = 35.0
        self.buses: dict[int, SimBus] = {}
        self.quads: dict[str, list[SimQuad]] = {}
        self._serial = 0
        self._lock = threading.Lock()
        for chip in poe.chips:
            bus = self.buses.setdefault(chip.bus, SimBus(chip.bus))
            if chip.chip == "tps23861":
                quads: list[SimQuad] = [SimTps23861(chip.name, now, sense_mohm=chip.sense_mohm)]
            else:
                sram = Sram()
                quads = [
                    SimTps23881(f"{chip.name}{half}", now, sram, even=half == 0) for half in (0, 1)
                ]
            for offset, quad in enumerate(quads):
                bus.chips[chip.address + offset] = quad
            self.quads[chip.name] = quads
        self._bus_of = {chip.name: chip.bus for chip in poe.chips}
        self._places = {
            port.number: (port.pse, (port.channel - 1) // 4, (port.channel - 1) % 4)
            for port in poe.ports
        }

    # -- for the drivers -----------------------------------------------------------------------

    def opened(self, bus: int) -> SimSmBus:
        """Open a bus; raises OSError like smbus2."""
        found = self.buses.get(bus)
        if found is None:
            raise FileNotFoundError(2, "No such file or directory", f"/dev/i2c-{bus}")
        return found.opened()

    # -- for hands and tests -------------------------------------------------------------------

    @property
    def numbers(self) -> list[int]:
        """The ports."""
        return list(self._places)

    def quad(self, number: int) -> SimQuad:
        """Return the register file behind a port; raise BenchError."""
        place = self._places.get(number)
        if place is None:
            raise BenchError("bench.no_port", f"The bench has no port {number}.")
        return self.quads[place[0]][place[1]]

    def port(self, number: int) -> PsePort:
        """Return a port; raise BenchError."""
        return self.quad(number).ports[self._places[number][2]]

    def plug(self, number: int, device: Device | str | None) -> None:
        """Plug a device (or a kind of the catalogue) in, or pull it (None); raise BenchError."""
        if isinstance(device, str):
            make = CATALOGUE.get(device)
            if make is None:
                raise BenchError("bench.no_device", f"The bench has no {device}.")
            device = make()
        if device is not None and not device.mac:
            self._serial += 1
            device = device.with_(
                mac=f"02:00:5e:00:{self._serial >> 8:02x}:{self._serial & 255:02x}"
            )
        with self.at(number):
            self.port(number).plug(device)

    def change(self, number: int, **changes: Any) -> None:
        """Change what hangs on a port: `shorted`, `night`, `extra_w`; raise BenchError."""
        with self.at(number):
            port = self.port(number)
            if port.device is None:
                raise BenchError("bench.empty", f"Nothing is plugged into port {number}.")
            port.device = port.device.with_(**changes)

    def reset_chip(self, name: str) -> None:
        """Take a chip's supply away for a moment."""
        for quad in self._quads(name):
            quad.power_up()

    def overheat_chip(self, name: str) -> None:
        """Have a chip switch its ports off because it is too hot."""
        for quad in self._quads(name):
            quad.overheat()

    def break_chip(self, name: str, number: int | None) -> None:
        """Have all calls to a chip fail with an errno; None mends."""
        bus = self.buses[self._bus_of[self._known(name)]]
        if number is None:
            bus.mend()
            return
        for address, chip in bus.chips.items():
            if chip in self.quads[name]:
                bus.break_for_good(number, address)

    def is_broken(self, name: str) -> bool:
        """Whether `break_chip` is in force for a chip."""
        bus = self.buses[self._bus_of[self._known(name)]]
        return any(bus.is_broken(a) for a, chip in bus.chips.items() if chip in self.quads[name])

    def _quads(self, name: str) -> list[SimQuad]:
        return self.quads[self._known(name)]

    def _known(self, name: str) -> str:
        if name not in self.quads:
            raise BenchError("bench.no_chip", f"The bench has no chip {name}.")
        return name

    def at(self, number: int) -> threading.RLock:
        """Return the lock of a port's bus, with the port's time brought up to now."""
        quad = self.quad(number)
        lock = self.buses[self._bus_of[self._places[number][0]]].lock
        with lock:
            quad.catch_up()
        return lock
