"""The bench's contacts, lines, serial devices, sensors and clock for a board profile."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from board.lines.contract import LineBank
from board.lines.gpiod_lines import GpiodLines
from board.lines.rpi_lines import RpiLines
from board.profile.model import BoardProfile
from board.sim.contacts import Contact
from board.sim.domes import Dome
from board.sim.gpiod import SimGpiod
from board.sim.hwmon import SimHwmon
from board.sim.kept_levels import KeptLevels
from board.sim.modbus_box import ModbusBox
from board.sim.rpi_gpio import SimRpiGpio
from board.sim.serial_line import SerialLine
from board.sim.wires import SimChip
from board.timing import Readers, Timing

LINES = 58


class IoBench:
    """Everything of a simulated board but its PoE; files and terminals lie in `folder`.

    `warmth` tells the temperature of the sensor that the PoE budget follows, if the bench has it.
    """

    def __init__(
        self,
        profile: BoardProfile,
        folder: Path,
        timing: Timing,
        loop: Readers,
        *,
        wall_s: Callable[[], float] = time.time,
        warmth: Callable[[], float | None] | None = None,
    ) -> None:
        chip = profile.gpio.chip if profile.gpio is not None else "/dev/gpiochip0"
        self.levels = folder / "levels"
        self.chip = SimChip(chip, LINES, timing.now_ns, KeptLevels(self.levels, LINES))
        self.bank: LineBank
        if profile.gpio is not None and profile.gpio.backend == "rpi_gpio":
            self.bank = RpiLines(SimRpiGpio(self.chip), loop, timing.now_ns)
        else:
            self.bank = GpiodLines(SimGpiod([self.chip]), loop)
        self.inputs = {
            alarm.number: Contact(self.chip, alarm.line, timing, active_low=alarm.active_low)
            for alarm in profile.lines.alarm_inputs
        }
        self.buttons = {
            button.name: Contact(self.chip, button.line, timing, active_low=button.active_low)
            for button in profile.lines.buttons
        }
        self.outputs = {
            **{f"relay-{r.number}": (r.line, r.active_low) for r in profile.lines.relays},
            **{f"supply-{s.number}": (s.line, s.active_low) for s in profile.lines.supplies},
        }
        self.leds = {led.name: (led.line, led.active_low, led.colour) for led in profile.leds}
        self.buzzer = profile.buzzer
        self.hwmon = SimHwmon(folder / "hwmon", profile.sensors, profile.fans)
        self.sensors = {sensor.name: 35.0 for sensor in profile.sensors}
        self.rtc_root = folder / "rtc"
        self.serial = {
            port.device: SerialLine(folder / port.name.lower()) for port in profile.serial
        }
        self.domes = [Dome("pelco_d", 1), Dome("pelco_p", 2, silent=True), Dome("visca", 3)]
        self.box = ModbusBox(1)
        for port in profile.serial:
            if port.kind == "rs485":
                self.serial[port.device].devices += [*self.domes, self.box]
        self._wall_s = wall_s
        self._rtc = Path(profile.rtc.device).name if profile.rtc is not None else None
        self._warmth = warmth
        self._warm = profile.poe.sensor if profile.poe is not None else None
        self.turn()

    def start(self) -> None:
        """Plug the serial devices in; on the running loop."""
        for line in self.serial.values():
            line.plug()

    def stop(self) -> None:
        """Take them out."""
        for line in self.serial.values():
            line.unplug()
        if self.chip.kept is not None:
            self.chip.kept.close()
            self.chip.kept = None

    def device(self, name: str) -> str:
        """Return the path that stands for a serial device of the profile."""
        line = self.serial.get(name)
        return name if line is None else str(line.path)

    def on(self, line: int, *, active_low: bool) -> bool:
        """Return whether an output is active."""
        return self.chip.high(line) != active_low

    def turn(self) -> None:
        """Let fans turn and the clock go on."""
        if self._warmth is not None and self._warm in self.sensors:
            celsius = self._warmth()
            self.hwmon.heat(self._warm, celsius)
        self.hwmon.turn()
        if self._rtc is not None:
            folder = self.rtc_root / self._rtc
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "since_epoch").write_text(f"{int(self._wall_s())}\n")
