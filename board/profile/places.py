"""Where disks, sticks and sound go in and out: bays, USB sockets, audio jacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from board.profile.section import Section, unique

AudioKind = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Bay:
    """A disk bay: `path` begins the kernel's path (ID_PATH) of the disk that sits in it."""

    number: int
    path: str


@dataclass(frozen=True, slots=True)
class UsbSocket:
    """A USB socket; `path` begins the kernel's path of what is plugged in; `version` e.g. 2.0."""

    number: int
    path: str
    version: str


@dataclass(frozen=True, slots=True)
class AudioJack:
    """MIC IN or MIC OUT (D1-RP-06, 07): the ALSA device behind it."""

    kind: AudioKind
    device: str


def read_bays(root: Section) -> tuple[Bay, ...]:
    """Read [[bay]]; raise ProfileError."""
    numbers: set[int] = set()
    paths: set[str] = set()
    bays = []
    for entry in root.tables("bay", most=16):
        number = unique(entry, "number", entry.integer("number", 1, 16), numbers)
        bays.append(Bay(number, unique(entry, "path", entry.text("path"), paths)))
        entry.done()
    return tuple(bays)


def read_usb(root: Section) -> tuple[UsbSocket, ...]:
    """Read [[usb]]; raise ProfileError."""
    numbers: set[int] = set()
    paths: set[str] = set()
    sockets = []
    for entry in root.tables("usb", most=16):
        number = unique(entry, "number", entry.integer("number", 1, 16), numbers)
        path = unique(entry, "path", entry.text("path"), paths)
        sockets.append(UsbSocket(number, path, entry.choice("version", ("2.0", "3.0"), "2.0")))
        entry.done()
    return tuple(sockets)


def read_audio(root: Section) -> tuple[AudioJack, ...]:
    """Read [[audio]]; raise ProfileError."""
    kinds: set[str] = set()
    jacks = []
    for entry in root.tables("audio", most=2):
        kind = unique(entry, "kind", entry.choice("kind", ("in", "out")), kinds)
        jacks.append(AudioJack(cast("AudioKind", kind), entry.text("device")))
        entry.done()
    return tuple(jacks)
