"""The session description a camera gives (RFC 4566), with its quirks."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from appliance.cameras.sim.loops import Track
from appliance.cameras.sim.nal import nal_type
from appliance.cameras.sim.quirks import Quirk

_NAMES = {"h264": "H264", "h265": "H265", "mjpeg": "JPEG", "mpeg4": "MP4V-ES",
          "aac": "MPEG4-GENERIC", "pcmu": "PCMU", "pcma": "PCMA", "l16": "L16",
          "g726": "G726-32", "opus": "opus"}  # fmt: skip
PAYLOAD_TYPES = {"h264": 96, "h265": 96, "mjpeg": 26, "mpeg4": 96, "aac": 97, "pcmu": 0, "pcma": 8,
                 "l16": 98, "g726": 99, "opus": 100, "vnd.onvif.metadata": 107, "vana": 108,
                 "mercury": 109}  # fmt: skip
_DATA_TRACKS = ("vnd.onvif.metadata", "vana", "mercury")


def payload_type_of(codec: str, quirks: frozenset[Quirk]) -> int:
    """Return the RTP payload type a track is sent with."""
    if codec == "l16" and Quirk.PCM_48000 in quirks:
        return 11
    return PAYLOAD_TYPES[codec]


def _sprop(track: Track, quirks: frozenset[Quirk]) -> list[tuple[int, str]]:
    """Return (nal_unit_type, base64) of the parameter sets, as the description shows them."""
    out = []
    for nal in track.parameter_sets:
        kind = nal_type(track.codec, nal)
        shown = nal
        if Quirk.INVALID_SPROP in quirks:
            shown = b"\xde\xad\xbe\xef"
        elif Quirk.SPS_EXTRA_BYTES in quirks and kind in (7, 33):
            shown = nal + b"\0\0\0\1"
        out.append((kind, base64.b64encode(shown).decode()))
    return out


def _format(track: Track, quirks: frozenset[Quirk]) -> str:
    """Return the fmtp parameters, empty if there are none."""
    shown = Quirk.NO_SPROP not in quirks
    if track.codec == "h264":
        sps = next(nal for nal in track.parameter_sets if nal_type("h264", nal) == 7)
        text = f"packetization-mode=1;profile-level-id={sps[1:4].hex().upper()}"
        if shown:
            sets = ",".join(code for _, code in _sprop(track, quirks))
            text += f";sprop-parameter-sets={sets}"
        return text
    if track.codec == "h265":
        names = {32: "vps", 33: "sps", 34: "pps"}
        return ";".join(
            f"sprop-{names[kind]}={code}" for kind, code in _sprop(track, quirks) if shown
        )
    if track.codec == "aac":
        return (
            "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
            f"indexdeltalength=3;config={track.config[:2].hex().upper()}"
        )
    if track.codec == "mpeg4":
        return f"profile-level-id=1;config={track.config.hex().upper()}" if shown else ""
    return ""


def _media(
    number: int, track: Track, control: str, quirks: frozenset[Quirk], group: str
) -> list[str]:
    codec = track.codec
    payload_type = payload_type_of(codec, quirks)
    address = [f"c=IN IP4 {group}/1"] if group else []
    control_line = f"a=control:{control}"
    if codec in _DATA_TRACKS:
        if codec == "mercury":
            return ["m=application/MERCURY 0 RTP/AVP smart/1/90000", "a=rtpmap:95 MERCURY/90000",
                    control_line]  # fmt: skip
        return [f"m=application 0 RTP/AVP {payload_type}", *address, control_line,
                f"a=rtpmap:{payload_type} {codec}/90000", "a=recvonly"]  # fmt: skip
    kind = "video" if track.is_video else "audio"
    name = "PCM" if payload_type == 11 else _NAMES[codec]
    told = 95 if Quirk.RTPMAP_OTHER_PAYLOAD in quirks and kind == "video" else payload_type
    rtpmap = f"a=rtpmap:{told} {name}/{track.clock}"
    if codec == "opus":
        rtpmap += "/2"
    elif track.channels > 1 or (codec == "aac" and track.channels):
        rtpmap += f"/{track.channels}"
    lines = [f"m={kind} 0 RTP/AVP {payload_type}"]
    if Quirk.SESSION_LINES_IN_MEDIA in quirks:
        lines += ["v=0", "o=- 2 2 IN IP4 127.0.0.1", "s=Media", "t=0 0"]
    lines += address
    body = [rtpmap]
    if text := _format(track, quirks):
        body.append(f"a=fmtp:{told} {text}")
    if track.is_video:
        body.append(f"a=framerate:{track.fps:g}")
        if codec == "mjpeg":
            body.append(f"a=cliprect:0,0,{track.height},{track.width}")
    if Quirk.CONTROL_FIRST in quirks:
        return [*lines, control_line, *body]
    return [*lines, *body, control_line]


def describe(
    title: str,
    tracks: Sequence[Track],
    quirks: frozenset[Quirk],
    *,
    url: str,
    group: str = "",
) -> bytes:
    """Write the description; `url` is the stream's address, `group` a multicast address if any."""
    lines = ["v=0"]
    if Quirk.NO_ORIGIN not in quirks:
        lines.append("o=- 1 1 IN IP4 127.0.0.1")
    lines.append(f"s={title}")
    if not group:
        lines.append("c=IN IP4 0.0.0.0")
    lines += ["t=0 0", "a=control:*", "a=range:npt=now-"]
    for number, track in enumerate(tracks):
        control = f"trackID={number}"
        if Quirk.ABSOLUTE_CONTROL in quirks:
            control = f"{url}/{control}?transportmode=unicast&profile=Profile_1"
        lines += _media(number, track, control, quirks, group)
    return ("\r\n".join(lines) + "\r\n").encode()
