"""How the lines of the board are, as it goes over the bus."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from appliance.bus.io_messages import (
    ButtonStatus,
    InputStatus,
    IoStatus,
    LedStatus,
    OutputStatus,
)
from appliance.supervisor.board_io_parts import Parts
from appliance.supervisor.board_words import error_text
from board.buttons.button import Button
from board.buzzer.buzzer import PATTERNS
from board.inputs.alarm_input import AlarmInput
from board.inputs.link import source_of
from board.leds.panel import Panel
from board.relays.relay import Relay

Name = Callable[[str], str]
HAND = "hand"
"""Under this a person holds an output."""


def status_of(
    parts: Parts, name: Name, outputs: Mapping[int, str], switches: Mapping[int, bool]
) -> IoStatus:
    """Return everything; `outputs` maps inputs to the output each closes.

    `switches`: the inputs that are disarm switches, and whether each disarms now.
    """
    panel, buzzer = parts.panel, parts.buzzer
    return {
        "fitted": bool(parts.inputs or parts.outputs or parts.buttons),
        "disarmed_by": [name(source_of(number)) for number, on in switches.items() if on],
        "inputs": [
            _input(alarm, name, outputs, disarms=number in switches)
            for number, alarm in parts.inputs.items()
        ],
        "outputs": [_output(relay, name) for relay in parts.outputs.values()],
        "leds": [] if panel is None else _leds(panel),
        "groups": [] if panel is None else list(panel.asserted),
        "buttons": [_button(button) for button in parts.buttons],
        "buzzer": None if buzzer is None else buzzer.playing or "",
        "patterns": [] if buzzer is None else list(PATTERNS),
    }


def nothing_fitted() -> IoStatus:
    """Return the status of a board without lines."""
    return status_of(Parts(), str, {}, {})


def _input(
    alarm: AlarmInput, name: Name, outputs: Mapping[int, str], *, disarms: bool
) -> InputStatus:
    state = alarm.state
    return {
        "id": f"input-{state.number}",
        "name": name(source_of(state.number)),
        "contact": state.contact,
        "active": state.active if state.fault is None else None,
        "closed": state.closed if state.fault is None else None,
        "storm": state.storm,
        "fault": error_text(state.fault),
        "changes": state.changes,
        "lost_edges": state.lost_edges,
        "output": outputs.get(state.number) or None,
        "disarms": disarms,
    }


def _output(relay: Relay, name: Name) -> OutputStatus:
    state = relay.state
    return {
        "id": state.key,
        "name": name(state.key),
        "mode": state.mode,
        "on": state.closed,
        "held": {
            name(source): None if left is None else round(left, 1)
            for source, left in state.sources.items()
        },
        "by_hand": HAND in state.sources,
        "operations": state.operations,
        "rated": state.rated,
        "worn": state.worn,
        "fault": error_text(state.fault),
    }


def _leds(panel: Panel) -> list[LedStatus]:
    shown, faults = panel.shown, panel.faults
    return [
        {
            "name": led.name,
            "colour": led.colour,
            "pattern": shown[led.name],
            "fault": error_text(faults.get(led.name)),
        }
        for led in panel.leds
    ]


def _button(button: Button) -> ButtonStatus:
    return {
        "name": button.name,
        "pressed": button.pressed,
        "stuck": button.stuck,
        "fault": error_text(button.fault),
    }
