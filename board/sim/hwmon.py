"""Sensors and fans of the bench: a folder that looks like the kernel's hwmon."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from board.profile.climate import Fan, TemperatureSensor


class SimHwmon:
    """`root` is for `board.climate.hwmon.Hwmon`.

    Temperatures are set; fans follow what the program asks of them when `turn` is called, unless
    they are `stuck` or their wire is `noisy`.  `asked` is the percentage of full speed that each
    was asked for at that time.  `heat(None)` takes a sensor away.
    """

    FULL_RPM = 4800

    def __init__(
        self, root: Path, sensors: Sequence[TemperatureSensor], fans: Sequence[Fan]
    ) -> None:
        self.root = root
        self.stuck: set[str] = set()
        self.noisy: set[str] = set()
        self.asked: dict[str, float] = {}
        self._sensors = {sensor.name: sensor for sensor in sensors}
        self._fans = {fan.name: fan for fan in fans}
        self._folders: dict[str, Path] = {}
        for number, chip in enumerate(
            dict.fromkeys([s.hwmon for s in sensors] + [f.hwmon for f in fans])
        ):
            folder = root / f"hwmon{number}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "name").write_text(f"{chip}\n")
            self._folders[chip] = folder
        for sensor in sensors:
            self.heat(sensor.name, 35.0)
        for fan in fans:
            self._write(fan.hwmon, f"pwm{fan.channel}", "0\n")
        self.turn()

    @property
    def fans(self) -> list[str]:
        """The fans."""
        return list(self._fans)

    def heat(self, name: str, celsius: float | None) -> None:
        """Set a sensor's temperature; None: it is gone."""
        sensor = self._sensors[name]
        path = self._folders[sensor.hwmon] / f"temp{sensor.channel}_input"
        if celsius is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(f"{round(celsius * 1000)}\n")

    def percent(self, name: str) -> float:
        """Return what the program asks of a fan."""
        fan = self._fans[name]
        text = (self._folders[fan.hwmon] / f"pwm{fan.channel}").read_text()
        return int(text) * 100 / 255

    def turn(self) -> None:
        """Let every fan reach the speed that is asked of it."""
        for name, fan in self._fans.items():
            self.asked[name] = self.percent(name)
            rpm = round(self.asked[name] / 100 * self.FULL_RPM)
            if name in self.stuck:
                rpm = 0
            if name in self.noisy:
                rpm = 60_000
            self._write(fan.hwmon, f"fan{fan.channel}_input", f"{rpm}\n")

    def _write(self, chip: str, name: str, text: str) -> None:
        (self._folders[chip] / name).write_text(text)
