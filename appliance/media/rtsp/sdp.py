"""Session descriptions (RFC 8866), read as cameras send them rather than as they should."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from appliance.media.errors import LimitError, MalformedError

MAX_MEDIA = 32
MAX_LINES = 2000

_STATIC: dict[int, tuple[str, int, int]] = {
    0: ("PCMU", 8000, 1),
    2: ("G726-32", 8000, 1),
    3: ("GSM", 8000, 1),
    4: ("G723", 8000, 1),
    5: ("DVI4", 8000, 1),
    6: ("DVI4", 16000, 1),
    7: ("LPC", 8000, 1),
    8: ("PCMA", 8000, 1),
    9: ("G722", 8000, 1),
    10: ("L16", 44100, 2),
    11: ("L16", 44100, 1),
    14: ("MPA", 90000, 1),
    15: ("G728", 8000, 1),
    18: ("G729", 8000, 1),
    26: ("JPEG", 90000, 0),
    31: ("H261", 90000, 0),
    32: ("MPV", 90000, 0),
    33: ("MP2T", 90000, 0),
    34: ("H263", 90000, 0),
}
"""Payload types that need no rtpmap (RFC 3551 section 6): name, clock rate, channels."""

_FIRST_NUMBER = re.compile(r"\s*(\d{1,10})")
_RTPMAP = re.compile(r"\s*(\d{1,3})\s+([^\s/]+)(?:\s*/\s*(\d{1,7}))?(?:\s*/\s*(\d{1,2}))?")


@dataclass(slots=True)
class MediaDescription:
    """One `m=` section: a track that can be set up.

    `kind` is "video", "audio", "application" or another word.  `payload_type` is the first one
    named; packets may also carry any of `payload_types`.  `encoding_name` is in capitals and ""
    where nothing tells; `clock_rate` is in Hz, 0 where unknown; `channels` 0 where not said.
    `fmtp` has its keys in lower case.  `attributes` are the `a=` lines as sent, in order.
    """

    kind: str
    payload_type: int
    payload_types: tuple[int, ...] = ()
    port: int = 0
    protocol: str = "RTP/AVP"
    encoding_name: str = ""
    clock_rate: int = 0
    channels: int = 0
    fmtp: dict[str, str] = field(default_factory=dict)
    control: str | None = None
    connection: str | None = None
    bandwidth_kbps: int | None = None
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def attribute(self, name: str) -> str | None:
        """Return the value of the first attribute of that name, or None."""
        return next((value for key, value in self.attributes if key == name), None)

    @property
    def frame_rate(self) -> float | None:
        """Frames per second that `a=framerate` names, None where absent or senseless."""
        found = re.match(r"\s*(\d{1,3}(?:\.\d{1,9})?)", self.attribute("framerate") or "")
        rate = float(found[1]) if found else 0.0
        return rate if 0 < rate <= 240 else None


@dataclass(slots=True)
class SessionDescription:
    """All tracks of a stream and the address that starts them together."""

    name: str = ""
    control: str | None = None
    connection: str | None = None
    attributes: list[tuple[str, str]] = field(default_factory=list)
    media: list[MediaDescription] = field(default_factory=list)


def parse(data: bytes) -> SessionDescription:
    """Read an SDP.

    Unknown and malformed lines are passed over; session lines inside a media section, missing
    `v=`, `o=` or `s=`, an rtpmap of another payload type than that of its section (if it is the
    only one) and a format that is no number are accepted.  Raises `MalformedError` if there is no
    `m=` line at all, `LimitError` beyond `MAX_MEDIA` tracks or `MAX_LINES` lines.
    """
    lines = data.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise LimitError(f"a session description of {len(lines)} lines")
    session = SessionDescription()
    sections: list[tuple[MediaDescription, list[str]]] = []
    for raw in lines:
        key, equals, value = raw.strip(" \t\0").partition("=")
        if not equals or len(key) != 1:
            continue
        value = value.strip()
        if key == "m":
            if len(sections) >= MAX_MEDIA:
                raise LimitError(f"more than {MAX_MEDIA} tracks in one stream")
            sections.append((_media(value), []))
        elif sections:
            _media_line(*sections[-1], key, value)
        else:
            _session_line(session, key, value)
    if not sections:
        raise MalformedError("the session description names no track")
    for media, maps in sections:
        _map_payload(media, maps)
        session.media.append(media)
    return session


def _media(value: str) -> MediaDescription:
    words = value.split()
    kind = words[0].partition("/")[0].lower() if words else ""
    port = _FIRST_NUMBER.match(words[1]) if len(words) > 1 else None
    types = [int(w) for w in words[3:] if w.isascii() and w.isdigit() and len(w) <= 3]
    return MediaDescription(
        kind=kind,
        payload_type=types[0] if types else -1,
        payload_types=tuple(t for t in types if t < 128),
        port=int(port[1]) if port and int(port[1]) < 0x10000 else 0,
        protocol=words[2].upper() if len(words) > 2 else "RTP/AVP",
    )


def _session_line(session: SessionDescription, key: str, value: str) -> None:
    if key == "s":
        session.name = value
    elif key == "c":
        session.connection = _address(value)
    elif key == "a":
        name, _, rest = value.partition(":")
        session.attributes.append((name.strip(), rest.strip()))
        if name.strip().lower() == "control":
            session.control = rest.strip()


def _media_line(media: MediaDescription, maps: list[str], key: str, value: str) -> None:
    if key == "c":
        media.connection = _address(value)
    elif key == "b":
        unit, _, amount = value.partition(":")
        number = _FIRST_NUMBER.match(amount)
        if unit.strip().upper() == "AS" and number:
            media.bandwidth_kbps = int(number[1])
    elif key == "a":
        name, _, rest = value.partition(":")
        name, rest = name.strip().lower(), rest.strip()
        media.attributes.append((name, rest))
        if name == "control" and media.control is None:
            media.control = rest
        elif name == "rtpmap":
            maps.append(rest)
        elif name == "fmtp":
            media.fmtp.update(_fmtp(rest))


def _address(value: str) -> str | None:
    words = value.split()
    return words[2].partition("/")[0] if len(words) >= 3 else None


def _fmtp(value: str) -> dict[str, str]:
    """Read "96 a=1; b=2;": keys without case, later ones do not replace earlier ones."""
    number = _FIRST_NUMBER.match(value)
    text = value[number.end() :] if number else value
    found: dict[str, str] = {}
    for part in text.split(";"):
        key, equals, content = part.strip().partition("=")
        if key.strip():
            found.setdefault(key.strip().lower(), content.strip() if equals else "")
    return found


def _map_payload(media: MediaDescription, maps: list[str]) -> None:
    """Find name, clock and channels: rtpmap of the payload type, the only rtpmap, or RFC 3551."""
    found = [m for m in (_RTPMAP.match(text) for text in maps) if m]
    exact = next((m for m in found if int(m[1]) == media.payload_type), None)
    chosen = exact or (found[0] if len(found) == 1 else None)
    static = _STATIC.get(media.payload_type)
    if chosen is not None:
        media.encoding_name = chosen[2].upper()
        media.clock_rate = int(chosen[3] or 0)
        media.channels = int(chosen[4] or 0)
        number = int(chosen[1])
        if number < 128 and number not in media.payload_types:
            media.payload_types = (*media.payload_types, number)
        if media.payload_type < 0:
            media.payload_type = number
    elif static is not None:
        media.encoding_name, media.clock_rate, media.channels = static
    if not media.clock_rate:
        same = static if static is not None and static[0] == media.encoding_name else None
        media.clock_rate = same[1] if same else (90_000 if media.kind == "video" else 0)
