"""Reads a board profile by name or file, and finds the one for this computer."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from board.errors import ProfileError
from board.profile import climate, front, identity, lines, places, poe, serial, switch
from board.profile.locate import Lines
from board.profile.model import BoardProfile
from board.profile.section import Section, Source

FOLDER = Path(__file__).parent.parent / "profiles"
MAX_BYTES = 256 * 1024
COMPATIBLE = Path("/proc/device-tree/compatible")
"""Names of this computer in the device tree, each ended by a zero byte."""

_LINE = re.compile(r"at line (\d+)")
_T = TypeVar("_T")


def known() -> list[str]:
    """Return the names of the profiles that come with the program."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name: str) -> BoardProfile:
    """Read a profile: the name of one that comes with the program, or the path of a file.

    Raises ProfileError, which names file, line and reason.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = FOLDER / f"{name}.toml"
        if "/" in name or not path.is_file():
            raise ProfileError(
                name,
                0,
                "There is no such board profile; there are {known}.",
                known=", ".join(known()),
            )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ProfileError(
            str(path), 0, "It cannot be read: {reason}.", reason=error.strerror
        ) from None
    if len(data) > MAX_BYTES:
        raise ProfileError(str(path), 0, "It is too large for a board profile.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ProfileError(str(path), line, "This is no UTF-8 text.") from None
    return parse(text, path.name)


def parse(text: str, file: str) -> BoardProfile:
    """Read a profile's text; `file` is its name for messages.  Raises ProfileError."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = int(found[1]) if found else len(text.splitlines())
        reason = re.sub(r" \(at [^)]*\)$", "", str(error))
        raise ProfileError(file, line, "This is no TOML: {reason}.", reason=reason) from None
    root = Section(Source(file, Lines(text)), (), values)
    board = root.table("board")
    if board is None:
        root.fail("[board] is missing.")
    book = lines.LineBook()
    sensors = climate.read_sensors(root)
    profile = BoardProfile(
        board=identity.read(board),
        poe=_optional(root, "poe", poe.read),
        switch=_optional(root, "switch", switch.read),
        gpio=_optional(root, "gpio", lines.read_gpio),
        lines=lines.read(root, book),
        leds=front.read_leds(root, book),
        buzzer=_optional(root, "buzzer", lambda section: front.read_buzzer(section, book)),
        serial=serial.read(root),
        sensors=sensors,
        fans=climate.read_fans(root, sensors),
        rtc=_optional(root, "rtc", climate.read_rtc),
        bays=places.read_bays(root),
        usb=places.read_usb(root),
        audio=places.read_audio(root),
    )
    root.done()
    _check(root, profile, book)
    return profile


def _optional(root: Section, key: str, read: Callable[[Section], _T]) -> _T | None:
    section = root.table(key)
    return None if section is None else read(section)


def _check(root: Section, profile: BoardProfile, book: lines.LineBook) -> None:
    """Refuse what only sections together show to be wrong."""
    if book.used and profile.gpio is None:
        root.fail("Lines are used, but [gpio] does not say how they are reached.")
    power, section = profile.poe, root.table("poe")
    sensors = {sensor.name for sensor in profile.sensors}
    if power is not None and section is not None and power.sensor not in {None, *sensors}:
        section.fail(
            "There is no sensor {sensor}, which [poe] follows.", "sensor", sensor=power.sensor
        )
    numbers = {port.number for port in power.ports} if power is not None else set()
    for socket in profile.switch.ports if profile.switch is not None else ():
        if socket.poe is not None and socket.poe not in numbers:
            root.fail(
                "Socket {socket} names PoE port {port}, which is not there.",
                "switch",
                socket=socket.number,
                port=socket.poe,
            )


def for_this_computer(compatible: Path = COMPATIBLE) -> BoardProfile | None:
    """Return the first profile whose board this computer is, None where there is none."""
    names = _names_of(compatible)
    for name in known():
        profile = load(name)
        if set(profile.board.compatible) & set(names):
            return profile
    return None


def check_computer(profile: BoardProfile, file: str, compatible: Path = COMPATIBLE) -> None:
    """Raise ProfileError where the profile is for another board than this computer."""
    wanted = profile.board.compatible
    if not wanted:
        return
    names = _names_of(compatible)
    if not set(names) & set(wanted):
        here = ", ".join(names) or "a computer without a device tree"
        raise ProfileError(
            file,
            0,
            "This profile is for {wanted}, but this is {here}. Choose another.",
            wanted=", ".join(wanted),
            here=here,
        )


def _names_of(compatible: Path) -> list[str]:
    try:
        text = compatible.read_bytes().decode(errors="replace")
    except OSError:
        return []
    return [name for name in text.split("\0") if name]
