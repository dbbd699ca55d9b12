"""What a person can do with the PoE part of the bench: plug, pull, short, overload, heat."""

from __future__ import annotations

import errno
from typing import Any

from board.sim.devices import CATALOGUE
from board.sim.poe_bench import MOST_EXTRA_W, TEMPERATURES, BenchError, PoeBench


class PoeHands:
    """The bench page's PoE part."""

    def __init__(self, bench: PoeBench) -> None:
        self._bench = bench

    def state(self) -> dict[str, Any]:
        """Return ports with what hangs on them, chips, temperature, what can be plugged in."""
        ports = []
        for number in self._bench.numbers:
            with self._bench.at(number):
                port = self._bench.port(number)
                device = port.device
                ports.append(
                    {
                        "number": number,
                        "device": "" if device is None else device.name,
                        "powered": port.good,
                        "watts": round(port.volts * port.amps, 2),
                        "shorted": device is not None and device.shorted,
                        "night": device is not None and device.night,
                        "extra_w": 0.0 if device is None else device.extra_w,
                    }
                )
        return {
            "ports": ports,
            "chips": [
                {"name": name, "broken": self._bench.is_broken(name)} for name in self._bench.quads
            ],
            "temperature_c": self._bench.temperature_c,
            "catalogue": [{"kind": kind, "name": make().name} for kind, make in CATALOGUE.items()],
        }

    def act(self, action: str, params: dict[str, Any]) -> None:
        """Do it; raise BenchError."""
        match action:
            case "plug":
                self._bench.plug(_port(params), str(params.get("kind", "")))
            case "pull":
                self._bench.plug(_port(params), None)
            case "short":
                self._bench.change(_port(params), shorted=_flag(params))
            case "night":
                self._bench.change(_port(params), night=_flag(params))
            case "load":
                watts = _number(params, "watts", 0.0, MOST_EXTRA_W)
                self._bench.change(_port(params), extra_w=watts)
            case "heat":
                celsius = params.get("celsius")
                self._bench.temperature_c = (
                    None if celsius is None else _number(params, "celsius", *TEMPERATURES)
                )
            case "reset_chip":
                self._bench.reset_chip(str(params.get("chip")))
            case "overheat_chip":
                self._bench.overheat_chip(str(params.get("chip")))
            case "break_chip":
                number = errno.EREMOTEIO if _flag(params) else None
                self._bench.break_chip(str(params.get("chip")), number)
            case _:
                raise BenchError("bench.no_action", f"The bench cannot {action[:32]!r}.")


def _port(params: dict[str, Any]) -> int:
    number = params.get("port")
    if not isinstance(number, int) or isinstance(number, bool):
        raise BenchError("bench.bad_port", "A port is named by its number.")
    return number


def _flag(params: dict[str, Any]) -> bool:
    value = params.get("on")
    if not isinstance(value, bool):
        raise BenchError("bench.bad_value", "Say on: true or false.")
    return value


def _number(params: dict[str, Any], name: str, low: float, high: float) -> float:
    value = params.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BenchError("bench.bad_value", f"{name} has to be {low:g} to {high:g}.")
    return float(value)
