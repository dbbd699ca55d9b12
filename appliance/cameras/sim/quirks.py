"""The oddities of real cameras that a simulated one can show, each by its name."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from appliance.cameras.sim.errors import UnknownNameError


class Quirk(StrEnum):
    """One deviation from the RFCs, seen on real cameras; the comment says what the wire shows."""

    # The session description
    NO_ORIGIN = "no-origin"  # no o= line
    SESSION_LINES_IN_MEDIA = "session-lines-in-media"  # v=, o=, s=, t= again inside a media block
    RTPMAP_OTHER_PAYLOAD = "rtpmap-other-payload"  # payload 96 in m=, a=rtpmap:95 under it
    CONTROL_FIRST = "control-first"  # a=control ahead of rtpmap and fmtp
    NO_SPROP = "no-sprop"  # no parameter sets in the description
    INVALID_SPROP = "invalid-sprop"  # parameter sets that are not parameter sets
    SPS_EXTRA_BYTES = "sps-extra-bytes"  # zero bytes and a start code behind the SPS
    ABSURD_RESOLUTION = "absurd-resolution"  # the SPS says 16 million pixels in a row
    METADATA_TRACK = "metadata-track"  # m=application, vnd.onvif.metadata/90000, with packets
    VANA_TRACK = "vana-track"  # m=application, vana/90000
    MERCURY_TRACK = "mercury-track"  # m=application/MERCURY 0 RTP/AVP smart/1/90000
    PCM_48000 = "pcm-48000"  # m=audio 0 RTP/AVP 11, a=rtpmap:11 PCM/48000
    AAC_44100 = "aac-44100"  # AAC at 44.1 kHz whatever the definition says
    # RTSP
    NO_CONTENT_TYPE = "no-content-type"  # DESCRIBE answered without Content-Type
    NO_CONTENT_BASE = "no-content-base"  # DESCRIBE answered without Content-Base
    CONTENT_BASE_PATH = "content-base-path"  # Content-Base: /main/
    CONTENT_BASE_SCHEMELESS = "content-base-schemeless"  # Content-Base: 127.0.0.1:554/main/
    ABSOLUTE_CONTROL = "absolute-control"  # a=control:rtsp://.../trackID=0?profile=Profile_1
    TRAILING_SPACES = "trailing-spaces"  # blanks behind every header
    TRAILING_SEMICOLONS = "trailing-semicolons"  # a semicolon behind Session and Transport
    SSRC_PADDED = "ssrc-padded"  # Transport: ...;ssrc=  1a2b
    SESSION_CHANGES = "session-changes"  # another session id in the answer to each SETUP
    RTP_INFO_ZERO = "rtp-info-zero"  # RTP-Info: seq=0;rtptime=0 whatever is sent
    RTP_INFO_ONE = "rtp-info-one"  # RTP-Info: seq=1
    RTP_INFO_GARBAGE = "rtp-info-garbage"  # RTP-Info: rtptime=3223369346a
    NO_RTP_INFO = "no-rtp-info"  # PLAY answered without RTP-Info
    RTP_BEFORE_PLAY_REPLY = "rtp-before-play-reply"  # media first, then "200 OK"
    BASIC_AND_DIGEST = "basic-and-digest"  # both schemes in one 401
    STALE_NONCE = "stale-nonce"  # a new nonce after DESCRIBE; the old one: 401 with stale=true
    NO_GET_PARAMETER = "no-get-parameter"  # not in Public, and a client that tries is cut off
    SERVER_REQUESTS = "server-requests"  # the camera sends OPTIONS to the client between frames
    GARBAGE = "garbage"  # random bytes instead of RTSP
    WEB_SERVER = "web-server"  # an HTTP server on the port
    # RTP and RTCP
    EMPTY_FU = "empty-fu"  # fragmentation units with no bytes in them
    FU_TYPE_CHANGE = "fu-type-change"  # the last fragment names another NAL unit type
    MARK_ON_SEI = "mark-on-sei"  # an SEI with the marker bit ahead of the picture
    MARKER_NEVER = "marker-never"  # no packet has the marker bit
    MARKER_ALWAYS = "marker-always"  # every packet has the marker bit
    ANNEX_B = "annex-b"  # several NAL units behind one another with start codes in one payload
    AGGREGATE = "aggregate"  # parameter sets and SEI in STAP-A / AP packets (correct, but rare)
    RTP_PADDING = "rtp-padding"  # four bytes of padding on each packet
    RTP_EXTENSION = "rtp-extension"  # an ONVIF header extension (0xABAC) on each packet
    JUNK_PAYLOAD_TYPE = "junk-payload-type"  # packets of payload type 50 between the others
    UNASSIGNED_CHANNEL = "unassigned-channel"  # interleaved channels nobody set up
    UNKNOWN_SSRC_RTCP = "unknown-ssrc-rtcp"  # sender reports of a source nobody knows
    WRONG_SR_CLOCK = "wrong-sr-clock"  # sender reports that say 1970
    NO_RTCP = "no-rtcp"  # no sender reports at all
    AAC_FRAGMENTED = "aac-fragmented"  # AAC frames cut over several packets


AUDIO_QUIRKS = frozenset({Quirk.PCM_48000, Quirk.AAC_44100})
"""Quirks that decide how sound is coded and so must be known before the camera starts."""


def parse_quirks(names: Iterable[str]) -> frozenset[Quirk]:
    """Turn names into quirks; raises UnknownNameError naming all that do not exist."""
    names = list(names)
    known = {quirk.value for quirk in Quirk}
    wrong = [name for name in names if name not in known]
    if wrong:
        raise UnknownNameError(
            f"Unknown quirk {', '.join(wrong)}; there are: {', '.join(sorted(known))}."
        )
    return frozenset(Quirk(name) for name in names)
