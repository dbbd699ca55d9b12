"""Kinds of events of contacts, outputs, buttons, serial lines, temperatures and fans."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def io_kinds() -> list[EventKind]:
    """Return the kinds; `input` and `output` in their details are names for people."""
    return [*_contacts(), *_serial(), *_climate()]


def _contacts() -> list[EventKind]:
    return [
        EventKind(
            "alarm_input",
            _("Alarm input"),
            "warning",
            _("Alarm: {input}. {reason}"),
            _("A contact at the terminals, or of an alarm box, gives alarm."),
        ),
        EventKind(
            "disarmed",
            _("Disarmed by a switch"),
            "info",
            _("{input} disarms the recorder: alarms close no output and sound no buzzer."),
            _("A key switch at the terminals. It lasts until the switch is turned back."),
        ),
        EventKind(
            "output_on",
            _("Output on"),
            "info",
            _("{output} is on. {reason}"),
            _("A relay is closed, or the switched supply gives its voltage."),
        ),
        EventKind(
            "input_storm",
            _("Contact chatters"),
            "warning",
            _("{input} changes more than a hundred times a second; it counts as alarm meanwhile."),
            _("Check contact and cable: it is worn, loose, or lies beside a power line."),
        ),
        EventKind(
            "line_fault",
            _("Contact, output or light out of order"),
            "error",
            _("{input} cannot be used. {reason}"),
            _("It is tried again by itself."),
        ),
        EventKind(
            "output_worn",
            _("Relay worn"),
            "warning",
            _("{output} has closed {operations} times; it is made for {rated}."),
            _("Its contacts may stick. Use another relay, or have it replaced."),
        ),
        EventKind(
            "link_refused",
            _("Output does not follow its alarm"),
            "warning",
            _("{input} could not close {output}. {reason}"),
            _("Set the mode of the output to Auto."),
        ),
        EventKind(
            "button_pressed",
            _("Button pressed"),
            "warning",
            _("The {button} button was held: {reason}"),
            _("Somebody was at the box."),
            has_end=False,
        ),
    ]


def _serial() -> list[EventKind]:
    return [
        EventKind(
            "serial_gone",
            _("Serial port out of order"),
            "error",
            _("{port} cannot be used. {reason}"),
            _("Cameras on it cannot be moved. Check the adapter and its cable."),
        ),
        EventKind(
            "alarm_box_silent",
            _("Alarm box does not answer"),
            "error",
            _("Alarm box {address} does not answer; its inputs are not seen."),
            _("Check its power, the wires A and B, its address and baud rate."),
        ),
    ]


def _climate() -> list[EventKind]:
    return [
        EventKind(
            "temperature_high",
            _("Too warm"),
            "warning",
            _("{sensor}: {celsius} degrees Celsius."),
            _("Give the recorder air, and clean fan and openings."),
        ),
        EventKind(
            "temperature_critical",
            _("Much too hot"),
            "error",
            _("{sensor}: {celsius} degrees Celsius."),
            _("Parts of the recorder may fail. Switch it off or cool it now."),
        ),
        EventKind(
            "sensor_fault",
            _("Temperature not known"),
            "warning",
            _("The temperature of {sensor} cannot be told. {reason}"),
            _("The fan runs at full speed meanwhile."),
        ),
        EventKind(
            "fan_failed",
            _("Fan out of order"),
            "error",
            _("{reason}"),
            _("Clean or replace the fan; the recorder may get too hot."),
        ),
        EventKind(
            "clock_battery",
            _("Battery-backed clock out of order"),
            "warning",
            _("{reason}"),
            _("Replace the battery of the clock, then set the time."),
        ),
        EventKind(
            "reboot_cause",
            _("Why the recorder started"),
            "info",
            _("{reason}"),
            _("Told at every start of the computer."),
            has_end=False,
        ),
    ]
