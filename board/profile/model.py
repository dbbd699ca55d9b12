"""A whole board as data; what is not fitted is empty or None."""

from __future__ import annotations

from dataclasses import dataclass

from board.profile.climate import Fan, Rtc, TemperatureSensor
from board.profile.front import Buzzer, Led
from board.profile.identity import Identity
from board.profile.lines import Gpio, Lines
from board.profile.places import AudioJack, Bay, UsbSocket
from board.profile.poe import Poe
from board.profile.serial import SerialPort
from board.profile.switch import Switch


@dataclass(frozen=True, slots=True)
class BoardProfile:
    """A board.  Code asks what is fitted here, and never which board it runs on."""

    board: Identity
    poe: Poe | None
    switch: Switch | None
    gpio: Gpio | None
    lines: Lines
    leds: tuple[Led, ...]
    buzzer: Buzzer | None
    serial: tuple[SerialPort, ...]
    sensors: tuple[TemperatureSensor, ...]
    fans: tuple[Fan, ...]
    rtc: Rtc | None
    bays: tuple[Bay, ...]
    usb: tuple[UsbSocket, ...]
    audio: tuple[AudioJack, ...]
