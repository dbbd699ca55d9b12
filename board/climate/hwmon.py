"""Sensors and fans as the kernel's hwmon shows them: one folder a chip, one file a value."""

from __future__ import annotations

from pathlib import Path

from board.errors import BoardError

HWMON = Path("/sys/class/hwmon")
PLAUSIBLE_C = (-40.0, 125.0)
"""What a sensor of the box can mean; -127 is what many read that are not connected."""


class ReadingError(BoardError):
    """A value cannot be had or cannot be.  Codes: climate.missing, climate.implausible."""


class Hwmon:
    """`root` has the chips' folders.  Every call reads or writes files: use a thread."""

    def __init__(self, root: Path = HWMON) -> None:
        self._root = root

    def temperature_c(self, chip: str, channel: int) -> float:
        """Return degrees Celsius.  Raises ReadingError."""
        celsius = self._number(chip, f"temp{channel}_input") / 1000
        low, high = PLAUSIBLE_C
        if not low <= celsius <= high:
            raise ReadingError(
                "climate.implausible",
                "The sensor {chip} reads {celsius:g} C, which cannot be. Check its wiring.",
                chip=chip,
                celsius=celsius,
            )
        return celsius

    def fan_rpm(self, chip: str, channel: int) -> int:
        """Return revolutions per minute as read.  Raises ReadingError."""
        return self._number(chip, f"fan{channel}_input")

    def set_fan(self, chip: str, channel: int, percent: float) -> None:
        """Run a fan at a part of its full speed.  Raises ReadingError."""
        folder = self._folder(chip)
        value = round(min(max(percent, 0.0), 100.0) * 255 / 100)
        try:
            enable = folder / f"pwm{channel}_enable"
            if enable.exists():
                enable.write_text("1")
            (folder / f"pwm{channel}").write_text(str(value))
        except OSError as error:
            raise ReadingError(
                "climate.missing",
                "The fan {chip} cannot be set: {reason}.",
                chip=chip,
                reason=error.strerror,
            ) from error

    def _folder(self, chip: str) -> Path:
        for folder in sorted(self._root.glob("hwmon*")):
            try:
                if (folder / "name").read_text().strip() == chip:
                    return folder
            except OSError:
                continue
        raise ReadingError(
            "climate.missing", "The kernel shows no {chip}; its driver is missing.", chip=chip
        )

    def _number(self, chip: str, name: str) -> int:
        path = self._folder(chip) / name
        try:
            return int(path.read_text().strip())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ReadingError(
                "climate.missing",
                "{chip} cannot be read ({name}: {reason}).",
                chip=chip,
                name=name,
                reason=reason,
            ) from error
