"""Capturing packets of an interface into a file of the spool, within bounds."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from appliance.helper.contract import Answer, Done, Request

NAME = r"[0-9a-f]{32}"
MOST_SECONDS = 600
MOST_BYTES = 256 << 20
CHUNK_BYTES = 512 * 1024


class Started(Answer):
    """`name` is what the capture is asked for by."""

    name: str


class StartCapture(Request[Started]):
    """Begin to write down packets; one capture runs at a time.

    `address` ("" for any) is that of either end, `port` (0 for any) likewise.  It ends after
    `seconds`, at `most_bytes`, or when the disk gets short of room.
    """

    verb: ClassVar[str] = "capture.start"
    interface: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,15}$")
    address: str = Field("", max_length=45)
    port: int = Field(0, ge=0, le=65_535)
    protocol: Literal["any", "tcp", "udp", "icmp", "arp"] = "any"
    seconds: int = Field(ge=1, le=MOST_SECONDS)
    most_bytes: int = Field(ge=64 * 1024, le=MOST_BYTES)

    def shown(self) -> str:
        """Return what is captured."""
        return f"{self.interface} {self.address or '*'} {self.port or '*'} {self.protocol}"


class Chunk(Answer):
    """A part of the file, in base64, and how the capture fares.

    `size` bytes are written; `ended` is "" while it runs, else time, size, disk, asked or failed,
    `text` says why it failed; `missed` packets came too fast.
    """

    data: str
    size: int
    packets: int
    missed: int
    ended: Literal["", "time", "size", "disk", "asked", "failed"]
    text: str = ""


class ReadCapture(Request[Chunk]):
    """Read on from `offset`; `most` bytes, none to ask only how it fares."""

    verb: ClassVar[str] = "capture.read"
    alone: ClassVar[bool] = False
    name: str = Field(pattern=f"^{NAME}$")
    offset: int = Field(ge=0, le=MOST_BYTES)
    most: int = Field(CHUNK_BYTES, ge=0, le=CHUNK_BYTES)


class StopCapture(Request[Done]):
    """End a capture; with `forget` its file goes, too.  One that is not there is no error."""

    verb: ClassVar[str] = "capture.stop"
    name: str = Field(pattern=f"^{NAME}$")
    forget: bool = False
