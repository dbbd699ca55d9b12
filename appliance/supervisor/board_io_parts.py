"""The drivers of a board's single lines, made from its profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from board.buttons.button import Button
from board.buttons.functions import PowerButton, ResetButton
from board.buzzer.buzzer import Buzzer
from board.errors import BoardError
from board.inputs.alarm_input import AlarmInput, InputChange, InputState
from board.inputs.link import Links
from board.leds.panel import Panel
from board.lines.contract import LineBank, LineRef
from board.profile.model import BoardProfile
from board.relays.relay import Relay
from board.timing import Timing


class Listener(Protocol):
    """Who hears of what happens on the lines, on the loop."""

    def input_changed(self, change: InputChange) -> None:
        """An alarm input became active or inactive."""

    def input_noticed(self, state: InputState) -> None:
        """A storm or fault of an input began or ended."""

    def output_changed(self, relay: Relay) -> None:
        """An output changed."""

    def link_refused(self, number: int, error: BoardError | None) -> None:
        """An input's output does not follow, or does again."""

    def shut_down(self) -> None:
        """The power button was held."""

    def factory_reset(self) -> None:
        """The reset button was held."""


@dataclass(slots=True)
class Parts:
    """What is fitted."""

    inputs: dict[int, AlarmInput] = field(default_factory=dict)
    outputs: dict[str, Relay] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)
    links: Links | None = None
    panel: Panel | None = None
    buzzer: Buzzer | None = None
    bank: LineBank | None = None

    def start(self) -> None:
        """Claim every line: outputs first, so that they are safe before anything else."""
        for relay in self.outputs.values():
            relay.start()
        if self.buzzer is not None:
            self.buzzer.start()
        if self.panel is not None:
            self.panel.start()
        for button in self.buttons:
            button.start()
        for alarm in self.inputs.values():
            alarm.start()

    def stop(self) -> None:
        """Open every output, put out every light, give every line back."""
        for alarm in self.inputs.values():
            alarm.stop()
        for button in self.buttons:
            button.stop()
        for relay in self.outputs.values():
            relay.stop()
        if self.buzzer is not None:
            self.buzzer.stop()
        if self.panel is not None:
            self.panel.stop()
        if self.bank is not None:
            self.bank.close()


def build(
    profile: BoardProfile,
    bank: LineBank,
    timing: Timing,
    listener: Listener,
    operations: Callable[[str], int],
) -> Parts:
    """Make the drivers; `operations` tells how often an output has closed in its life."""
    parts = Parts(bank=bank)
    chip = profile.gpio.chip if profile.gpio is not None else ""
    lines = profile.lines

    def ref(line: int, *, active_low: bool, pulled: bool = False) -> LineRef:
        bias = ("pull_up" if active_low else "pull_down") if pulled else "none"
        return LineRef(chip, line, active_low, bias)  # type: ignore[arg-type]

    def output(key: str, line: int, *, active_low: bool, rated: int) -> None:
        parts.outputs[key] = Relay(
            key,
            ref(line, active_low=active_low),
            bank,
            timing,
            rated=rated,
            operations=operations(key),
            changed=listener.output_changed,
        )

    for relay in lines.relays:
        rated = relay.rated_operations
        output(f"relay-{relay.number}", relay.line, active_low=relay.active_low, rated=rated)
    for supply in lines.supplies:
        output(f"supply-{supply.number}", supply.line, active_low=supply.active_low, rated=0)
    parts.links = Links(parts.outputs, listener.link_refused)
    for alarm in lines.alarm_inputs:
        parts.inputs[alarm.number] = AlarmInput(
            alarm.number,
            ref(alarm.line, active_low=alarm.active_low, pulled=True),
            bank,
            timing,
            debounce_ms=alarm.debounce_ms,
            changed=listener.input_changed,
            noticed=listener.input_noticed,
        )
    leds = [(led, ref(led.line, active_low=led.active_low)) for led in profile.leds]
    parts.panel = Panel(leds, bank, timing)
    if profile.buzzer is not None:
        place = ref(profile.buzzer.line, active_low=profile.buzzer.active_low)
        parts.buzzer = Buzzer(place, bank, timing)
    functions: dict[str, PowerButton | ResetButton] = {
        "power": PowerButton(listener.shut_down),
        "reset": ResetButton(listener.factory_reset, parts.panel.count_down),
    }
    for button in lines.buttons:
        function = functions[button.name]
        parts.buttons.append(
            Button(
                button.name,
                ref(button.line, active_low=button.active_low, pulled=True),
                bank,
                timing,
                held=function.held,
                let_go=function.let_go,
            )
        )
    return parts
