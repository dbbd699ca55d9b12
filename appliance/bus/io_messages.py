"""Shapes of what the supervisor tells of contacts, outputs, serial lines and the box's climate.

Requests, of web, cli and gui only, and what they answer; texts are for people:

    io.get {}                                   IoStatus
    io.output {id, on, seconds?, actor}         {}: a person closes an output, or no longer
    io.reset {actor}                            {}: nobody holds any output (D2-AL-23)
    io.buzzer {pattern?}                        {}: sound a pattern; without one: silence
    io.leds {group, on}                         {}: "identify" or "lamp_test", for a minute at most
    device.get {}                               DeviceStatus
    serial.get {}                               SerialStatus
    ptz.get {channel}                           PtzStatus
    ptz.move {channel, client, pan, tilt, zoom, focus, iris}   {}: to be renewed, see `lease_s`
    ptz.stop {channel}                          {}
    ptz.gone {client}                           {}: stops what this client moves
    ptz.act {channel, kind, number, name?}      {}
    ptz.program {channel, kind, number}         {}: tour, scan or auto_pan; "none" ends it
    ptz.tour {channel, number, name, steps}     {}: stores a tour; without steps it is deleted
    ptz.ask {channel}                           {answered}

Refusals have codes that begin with "io.", "relay.", "ptz." or "serial.".
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class InputStatus(TypedDict):
    """An alarm input; `active` is None while it cannot be read."""

    id: str
    name: str
    contact: Literal["no", "nc"]
    active: bool | None
    closed: bool | None
    storm: bool
    fault: str
    changes: int
    lost_edges: int
    output: str | None
    disarms: bool


class OutputStatus(TypedDict):
    """An alarm output; `held` maps who holds it to the seconds left, None: until withdrawn.

    `by_hand`: a person is among them.  `rated` is 0 where nothing wears out.
    """

    id: str
    name: str
    mode: Literal["auto", "manual", "off"]
    on: bool | None
    held: dict[str, float | None]
    by_hand: bool
    operations: int
    rated: int
    worn: bool
    fault: str


class LedStatus(TypedDict):
    """A light; `pattern` is off, on, slow, fast or flash."""

    name: str
    colour: str
    pattern: str
    fault: str


class ButtonStatus(TypedDict):
    """A push button."""

    name: str
    pressed: bool
    stuck: bool
    fault: str


class IoStatus(TypedDict):
    """All of it; `groups` are the LED groups asserted now, the most important first.

    `buzzer` is None where none is fitted, else what sounds ("" for silence); `disarmed_by`: the
    disarm switches that are turned now.
    """

    fitted: bool
    disarmed_by: list[str]
    inputs: list[InputStatus]
    outputs: list[OutputStatus]
    leds: list[LedStatus]
    groups: list[str]
    buttons: list[ButtonStatus]
    buzzer: str | None
    patterns: list[str]


class SensorStatus(TypedDict):
    """A temperature in degrees Celsius, None while it is not known."""

    name: str
    celsius: float | None
    level: Literal["ok", "high", "critical", "unknown"]
    high_c: float
    critical_c: float
    fault: str


class FanStatus(TypedDict):
    """A fan: revolutions per minute and percent of full speed."""

    name: str
    rpm: int | None
    percent: float
    fault: str


class ClockStatus(TypedDict):
    """The battery-backed clock: its time (ms UTC) and how far the system's is ahead (s)."""

    fitted: bool
    utc: int | None
    ahead_s: float | None
    battery_low: bool | None
    fault: str


StartCause = Literal["ordered", "power", "watchdog", "overheated", "crash", "first"]


class StartStatus(TypedDict):
    """Why the computer started, and when (ms UTC)."""

    cause: StartCause
    text: str
    at: int


class DeviceStatus(TypedDict):
    """Temperatures, fans, clock, starts (the newest first); `history` of the first sensor.

    `history` has one temperature a minute, the last is now; None where it was not known.
    """

    sensors: list[SensorStatus]
    fans: list[FanStatus]
    clock: ClockStatus
    starts: list[StartStatus]
    history: list[float | None]


class SerialPortStatus(TypedDict):
    """A serial port; `kind` rs485 or rs232, `use` what it is used for."""

    name: str
    kind: Literal["rs485", "rs232"]
    use: Literal["ptz", "transparent", "off"]
    open: bool
    fault: str
    connected: bool
    sent: int


class SerialStatus(TypedDict):
    """Serial ports, the alarm box if one is set up, and channels with a camera on RS-485."""

    ports: list[SerialPortStatus]
    box: Literal["off", "answers", "silent"]
    channels: list[int]


class PtzPreset(TypedDict):
    """A preset that was stored with a name."""

    number: int
    name: str


class PtzTour(TypedDict):
    """A tour: presets with the seconds to stay at each."""

    number: int
    name: str
    steps: list[tuple[int, int]]


class PtzStatus(TypedDict):
    """What a channel's camera can do and does.

    `lease_s`: a motion ends unless it is renewed within; `program`: what it does by itself.
    """

    channel: int
    protocol: str
    address: int
    baud: int
    actions: list[str]
    last_preset: int
    presets: list[PtzPreset]
    tours: list[PtzTour]
    program: str
    program_number: int
    moving: bool
    fault: str
    lease_s: float
