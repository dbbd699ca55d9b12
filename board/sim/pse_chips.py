"""The simulated PSE chips: a TPS23861, and a TPS23881 as two register files with one SRAM."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from board.sim import pse_registers
from board.sim.chip import Register, RegisterChip, RegisterMisuseError
from board.sim.pse_port import Event, PsePort

PORTS = 4
VOLT_STEP = 0.003662
ADC_MOST = 0x3FFF

_EVENT_BITS: dict[Event, tuple[int, int]] = {
    "pgc": (0x02, 4),
    "pec": (0x02, 0),
    "clsc": (0x04, 4),
    "detc": (0x04, 0),
    "disf": (0x06, 4),
    "icut": (0x06, 0),
    "ilim": (0x08, 4),
    "strt": (0x08, 0),
}
"""Event register (even) and the bit of port 1 there."""


class SimQuad(RegisterChip):
    """What both chips share: events, status, buttons, measurements of four ports."""

    AMP_STEP: float

    def __init__(self, name: str, table: dict[int, Register], now: Callable[[], float]) -> None:
        super().__init__(name, table, now)
        self.ports = [PsePort(self._teller(index)) for index in range(PORTS)]
        self.temperature_c = 40.0
        self.rail_v = 54.0
        self.power_up()

    # -- the hand of a person ------------------------------------------------------------------

    def power_up(self) -> None:
        """Reset everything, as VDD's return does."""
        for number, entry in self.table.items():
            self.values[number] = entry.reset
        for port in self.ports:
            port.turn_off_mode()
        for even in (0x02, 0x04, 0x06, 0x08):
            self.values[even] = 0
        self.values[0x0A] = 0x20 | (0x10 if self.rail_v < 40 else 0)
        self._apply_modes()
        self._apply_limits()

    def overheat(self) -> None:
        """The chip's own thermal shutdown: every port drops."""
        self.catch_up()
        for port in self.ports:
            port.press_off()
        self.values[0x0A] |= 0x80

    def set_rail(self, volts: float) -> None:
        """Change the PoE rail; below its undervoltage threshold every port drops."""
        self.catch_up()
        self.rail_v = volts
        for port in self.ports:
            port.rail_v = volts
            if volts < 40:
                port.press_off()
        if volts < 40:
            self.values[0x0A] |= 0x10

    def assert_shutdown_pin(self) -> None:
        """The supply signals overload: ports with their priority bit set drop at once."""
        self.catch_up()
        for index, port in enumerate(self.ports):
            if self.values[0x15] & (0x10 << index):
                port.press_off()

    # -- the chip's logic ----------------------------------------------------------------------

    def live_on(self, seconds: float) -> None:
        """Let the ports live."""
        for port in self.ports:
            port.advance(seconds)

    def live(self, register: int) -> int:
        """Return what a register shows now."""
        if register in (0x03, 0x05, 0x07, 0x09, 0x0B):
            return self.values[register - 1]
        if register == 0x00:
            return self._interrupt()
        if 0x0C <= register <= 0x0F:
            port = self.ports[register - 0x0C]
            return self.class_code(port) << 4 | port.detection
        if register == 0x10:
            return sum(
                port.enabled << index | port.good << (index + 4)
                for index, port in enumerate(self.ports)
            )
        if register == 0x14:
            return sum(
                port.detect_enabled << index | port.class_enabled << (index + 4)
                for index, port in enumerate(self.ports)
            )
        if register == 0x2C:
            return max(0, min(255, round((self.temperature_c + 20) / 0.652)))
        if register == 0x2E:
            return min(ADC_MOST, round(self.rail_v / VOLT_STEP))
        if 0x30 <= register <= 0x3E:
            port = self.ports[(register - 0x30) // 4]
            if register % 4 == 0:
                return min(ADC_MOST, round(port.amps / self.amp_step * port.good))
            return min(ADC_MOST, round(port.volts / VOLT_STEP))
        return self.values[register]

    @property
    def amp_step(self) -> float:
        """Amperes of one step of the current registers."""
        return self.AMP_STEP

    def class_code(self, port: PsePort) -> int:
        """Return the class nibble of a port's status."""
        return port.pd_class

    def cleared(self, register: int) -> None:
        """Reading the odd register clears its pair."""
        self.values[register] = self.values[register - 1] = 0

    def wrote(self, register: int, value: int) -> None:
        """Act on modes, enables and push buttons."""
        if register == 0x12:
            self._apply_modes()
        elif register == 0x13:
            for index, port in enumerate(self.ports):
                port.disconnect_enabled = bool(value & 1 << index)
        elif register == 0x14:
            for index, port in enumerate(self.ports):
                if not port.powered_off:  # does not stick while the mode is off
                    port.detect_enabled = bool(value & 1 << index)
                    port.class_enabled = bool(value & 1 << (index + 4))
        elif register == 0x19:
            for index, port in enumerate(self.ports):
                if value & 1 << (index + 4):
                    self.switched_off(index)
                elif value & 1 << index:
                    port.press_on()
        elif register == 0x1A and value & 0x10:
            self.power_up()

    def switched_off(self, index: int) -> None:
        """PWOFF of a port."""
        self.ports[index].press_off()

    def mode(self, index: int) -> int:
        """Return 0 off, 1 manual (diagnostic), 2 semi-auto, 3 auto."""
        return self.values[0x12] >> (2 * index) & 3

    def _apply_modes(self) -> None:
        for index, port in enumerate(self.ports):
            mode = self.mode(index)
            if mode == 0:
                port.turn_off_mode()
                continue
            port.powered_off = False
            port.manual, port.auto = mode == 1, mode == 3
            if mode == 3:
                port.detect_enabled = port.class_enabled = port.disconnect_enabled = True

    def _apply_limits(self) -> None:
        """Set the ports' limits from the registers."""

    def _interrupt(self) -> int:
        power, detect, fault = self.values[0x02], self.values[0x04], self.values[0x06]
        start, supply = self.values[0x08], self.values[0x0A]
        limits = bool(fault & 0x0F) or bool(start & 0xF0)
        flags = (
            bool(power & 0x0F),
            bool(power & 0xF0),
            bool(fault & 0xF0),
            bool(detect & 0x0F),
            bool(detect & 0xF0),
            limits,
            bool(start & 0x0F),
            bool(supply),
        )
        return sum(flag << bit for bit, flag in enumerate(flags))

    def _teller(self, index: int) -> Callable[[Event], None]:
        def tell(event: Event) -> None:
            register, first = _EVENT_BITS[event]
            self.values[register] |= 1 << (first + index)
            self.told(index, event)

        return tell

    def told(self, index: int, event: Event) -> None:
        """A port told an event."""


class SimTps23861(SimQuad):
    """TPS23861, 255 milliohm unless bit 0 of the general mask says 250."""

    CUT_MA: ClassVar[dict[int, int]] = {0: 374, 1: 110, 2: 204, 3: 374}
    CUT_PLUS_MA: ClassVar[dict[int, int]] = {4: 754, 5: 592, 6: 645, 7: 920}

    def __init__(self, name: str, now: Callable[[], float], *, sense_mohm: int = 255) -> None:
        self._sense_mohm = sense_mohm
        super().__init__(name, pse_registers.TPS23861, now)

    @property
    def amp_step(self) -> float:
        """61.039 uA with 255 milliohm, 62.260 uA with 250; wrongly set, readings are off."""
        return 62.260e-6 if self.values[0x17] & 1 else 61.039e-6

    def wrote(self, register: int, value: int) -> None:
        """Act on the limits too."""
        super().wrote(register, value)
        if register in (0x2A, 0x2B, 0x40):
            self._apply_limits()

    def _apply_limits(self) -> None:
        for index, port in enumerate(self.ports):
            code = self.values[0x2A + index // 2] >> (4 * (index % 2)) & 7
            plus = bool(self.values[0x40] & 0x10 << index)
            table = self.CUT_PLUS_MA if plus else self.CUT_MA
            port.cut_a = table.get(code, 374) / 1000
            port.limit_a = 0.85 if plus else 0.425


class SimTps23881(SimQuad):
    """One register file of a TPS23881; `sram` is shared with the other."""

    AMP_STEP = 89.5e-6

    def __init__(self, name: str, now: Callable[[], float], sram: Sram, *, even: bool) -> None:
        self._sram = sram
        table = dict(pse_registers.TPS23881)
        if even:
            table |= pse_registers.TPS23881_SRAM
        super().__init__(name, table, now)
        self.values[0x0A] |= 0x01

    def power_up(self) -> None:
        """The SRAM is lost with the power."""
        super().power_up()
        self._sram.lose()
        self.values[0x0A] |= 0x01

    def live(self, register: int) -> int:
        """RAMFLT stays until firmware runs."""
        value = super().live(register)
        if register in (0x0A, 0x0B):
            return value & ~1 | (not self._sram.runs)
        return value

    def class_code(self, port: PsePort) -> int:
        """Class 7 of the port model is overcurrent here too; class 0 is 6."""
        return port.pd_class

    def wrote(self, register: int, value: int) -> None:
        """Without firmware no port does anything."""
        if register == 0x60:
            self._sram.control(value)
        if register in (0x14, 0x19) and not self._sram.runs:
            return
        super().wrote(register, value)
        if register in (0x1E, 0x1F, 0x20, 0x21, 0x40):
            self._apply_limits()

    def write_block(self, register: int, data: list[int]) -> None:
        """Only the SRAM's data port takes blocks."""
        if register != 0x61 or register not in self.table:
            raise RegisterMisuseError(f"{self.name}: register {register:#04x} takes no block.")
        self._sram.take(data)

    def switched_off(self, index: int) -> None:
        """PWOFF clears policing, manual policing and disconnect detection of the port."""
        super().switched_off(index)
        self._forget(index)

    def told(self, index: int, event: Event) -> None:
        """So does an overload."""
        if event in ("icut", "ilim"):
            self._forget(index)

    def _forget(self, index: int) -> None:
        self.values[0x1E + index] = 0xFF
        self.values[0x40] &= ~(0x11 << index)
        self.values[0x13] &= ~(1 << index)
        self.ports[index].disconnect_enabled = False

    def _apply_limits(self) -> None:
        for index, port in enumerate(self.ports):
            manual = bool(self.values[0x40] & 1 << index)
            watts = self.values[0x1E + index] / 2 if manual else 15.5
            port.cut_a = watts / self.rail_v
            port.limit_a = 0.85 if self.values[0x40] & 0x10 << index else 0.425


class Sram:
    """The firmware of a TPS23881: streamed in, started, gone after a reset."""

    def __init__(self) -> None:
        self.runs = False
        self.loaded = 0
        self._open = False

    def control(self, value: int) -> None:
        """C0: takes code; 18: starts it, where there is any."""
        if value in (0xC4, 0xC0):
            self._open = True
            self.loaded = 0
        elif value == 0x18:
            self.runs = self.loaded > 0
            self._open = False

    def take(self, data: list[int]) -> None:
        """Take code."""
        if not self._open:
            raise RegisterMisuseError("The SRAM was written without being opened.")
        self.loaded += len(data)

    def lose(self) -> None:
        """Power went."""
        self.runs = self._open = False
        self.loaded = 0
