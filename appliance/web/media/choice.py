"""Which stream of a channel is shown when the wanted one is not there or cannot be decoded."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.media.types import Codec, VideoFormat
from appliance.storage.model import StreamId, StreamName
from appliance.text import _

_NAMES = {
    Codec.H264: "H.264",
    Codec.H265: "H.265",
    Codec.MJPEG: "MJPEG",
    Codec.MPEG4: "MPEG-4",
}


def candidates(channel: int, wanted: str) -> list[StreamId]:
    """Return the streams to try, best first; "auto" prefers the sub stream."""
    order = {
        "main": (StreamName.MAIN, StreamName.SUB),
        "sub": (StreamName.SUB, StreamName.MAIN),
        "auto": (StreamName.SUB, StreamName.MAIN),
        "third": (StreamName.THIRD, StreamName.SUB, StreamName.MAIN),
    }[wanted]
    return [StreamId(channel, name) for name in order]


def not_recorded(stream: StreamId) -> str:
    """Return the sentence that says that there is no footage of a stream at some time."""
    return _("The {stream} stream of D{channel} was not recorded then.").format(
        stream=stream.stream.value, channel=stream.channel
    )


def not_decodable(stream: StreamId, form: VideoFormat) -> str:
    """Return the sentence that says why a stream is not shown."""
    return _(
        "The {stream} stream of D{channel} is {codec}, which this browser cannot show."
    ).format(stream=stream.stream.value, channel=stream.channel, codec=coding(form))


def forward_only(stream: StreamId, form: VideoFormat) -> str:
    """Return the sentence that says why a stream is not shown backward."""
    return _(
        "D{channel} was recorded in {codec} then, which this browser cannot show; the box converts"
        " it, but only forward. Give the camera an H.264 sub stream to play it backward."
    ).format(channel=stream.channel, codec=coding(form))


def converted(stream: StreamId, form: VideoFormat) -> str:
    """Return the sentence that says that a stream is converted, and why."""
    return _(
        "The {stream} stream of D{channel} is {codec}, which this browser cannot show; the box"
        " converts it, in at most 1280 x 720."
    ).format(stream=stream.stream.value, channel=stream.channel, codec=coding(form))


def coding(form: VideoFormat) -> str:
    """Return what people call the coding of a picture."""
    return _NAMES.get(form.codec, form.codec)


def to_convert(streams: Iterable[StreamId]) -> StreamId:
    """Return which of the streams that a client cannot decode is the least work to convert."""
    return min(streams, key=lambda stream: stream.stream is StreamName.MAIN)
