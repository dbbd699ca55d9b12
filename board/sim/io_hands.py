"""What a person can do with contacts, buttons, fan and serial devices of the bench."""

from __future__ import annotations

from typing import Any

from board.sim.contacts import Contact
from board.sim.io_bench import IoBench
from board.sim.poe_bench import BenchError

MOST_STORM_S = 60.0


class IoHands:
    """The bench page's part for everything but PoE."""

    def __init__(self, bench: IoBench) -> None:
        self._bench = bench

    def state(self) -> dict[str, Any]:
        """Return contacts, outputs, lights, domes, box, fans: what can be seen at the box.

        Times are CLOCK_MONOTONIC in nanoseconds, as an oscilloscope at the terminals shows them.
        """
        bench = self._bench
        return {
            "inputs": [
                {
                    "number": number,
                    "closed": contact.closed,
                    "first_edge_ns": contact.first_edge_ns,
                    "last_edge_ns": contact.last_edge_ns,
                }
                for number, contact in bench.inputs.items()
            ],
            "buttons": [
                {"name": name, "pressed": contact.closed} for name, contact in bench.buttons.items()
            ],
            "outputs": [
                {
                    "id": key,
                    "on": bench.on(line, active_low=low),
                    "changed_ns": bench.chip.written_ns(line),
                }
                for key, (line, low) in bench.outputs.items()
            ],
            "leds": [
                {"name": name, "colour": colour, "lit": bench.on(line, active_low=low)}
                for name, (line, low, colour) in bench.leds.items()
            ],
            "buzzer": bench.buzzer is not None
            and bench.on(bench.buzzer.line, active_low=bench.buzzer.active_low),
            "fans": [
                {"name": name, "percent": round(percent)}
                for name, percent in bench.hwmon.asked.items()
            ],
            "domes": [
                {
                    "family": dome.family,
                    "address": dome.address,
                    "baud": dome.baud,
                    "pan": dome.state.pan,
                    "tilt": dome.state.tilt,
                    "zoom": dome.state.zoom,
                    "preset": dome.state.at_preset,
                }
                for dome in bench.domes
            ],
            "box": {"inputs": bench.box.inputs, "closed": sorted(bench.box.on)},
            "serial": [
                {"name": line.path.name, "plugged": line.plugged} for line in bench.serial.values()
            ],
        }

    def act(self, action: str, params: dict[str, Any]) -> None:
        """Do it; raise BenchError."""
        match action:
            case "contact":
                self._contact(params).set(closed=_flag(params))
            case "storm":
                self._contact(params).storm(1000, min(_number(params, "seconds"), MOST_STORM_S))
            case "button":
                self._button(params).set(closed=_flag(params))
            case "fan":
                self._fan(params)
            case "box":
                self._box(params)
            case "serial":
                self._serial(params)
            case _:
                raise BenchError("bench.no_action", f"The bench cannot {action[:32]!r}.")

    def _contact(self, params: dict[str, Any]) -> Contact:
        contact = self._bench.inputs.get(params.get("number"))  # type: ignore[arg-type]
        if contact is None:
            raise BenchError("bench.no_input", "The bench has no such alarm input.")
        return contact

    def _button(self, params: dict[str, Any]) -> Contact:
        for name, button in self._bench.buttons.items():
            if name == params.get("name"):
                return button
        raise BenchError("bench.no_button", "The bench has no such button.")

    def _fan(self, params: dict[str, Any]) -> None:
        name, hwmon = str(params.get("name")), self._bench.hwmon
        if name not in hwmon.fans:
            raise BenchError("bench.no_fan", "The bench has no such fan.")
        for wanted, fans in (("stuck", hwmon.stuck), ("noisy", hwmon.noisy)):
            fans.discard(name)
            if params.get("how") == wanted:
                fans.add(name)

    def _box(self, params: dict[str, Any]) -> None:
        number, box = params.get("number"), self._bench.box
        if not isinstance(number, int) or not 1 <= number <= box.inputs:
            raise BenchError("bench.no_input", "The alarm box has no such input.")
        if _flag(params):
            box.on.add(number)
        else:
            box.on.discard(number)

    def _serial(self, params: dict[str, Any]) -> None:
        for line in self._bench.serial.values():
            if line.path.name == params.get("name"):
                if _flag(params):
                    line.plug()
                else:
                    line.unplug()
                return
        raise BenchError("bench.no_serial", "The bench has no such serial port.")


def _flag(params: dict[str, Any]) -> bool:
    value = params.get("on")
    if not isinstance(value, bool):
        raise BenchError("bench.bad_value", "Say on: true or false.")
    return value


def _number(params: dict[str, Any], name: str) -> float:
    value = params.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise BenchError("bench.bad_value", f"{name} has to be a number above 0.")
    return float(value)
