"""Formats from parameter sets: what the writer of MP4, the pages and the players are told."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.media.codec import h264, h265
from appliance.media.codec.aac import parse_audio_specific_config
from appliance.media.codec.pictures import jpeg_size, visual_profile_level, vol_size
from appliance.media.errors import MalformedError, UnsupportedError
from appliance.media.types import AudioFormat, Codec, VideoFormat


def video_format_from_parameter_sets(codec: Codec, sets: Iterable[bytes]) -> VideoFormat:
    """Return the format of a stream with these parameter sets; the first SPS is the one in use.

    `sets` are whole NAL units without start codes, in any order; for MPEG-4 part 2 the one VOL
    header.  Raises MalformedError (one missing or broken), LimitError (absurd sizes),
    UnsupportedError (another codec).
    """
    units = [bytes(unit) for unit in sets]
    if any(not unit for unit in units):
        raise MalformedError("an empty parameter set")
    if codec is Codec.H264:
        return _h264(units)
    if codec is Codec.H265:
        return _h265(units)
    if codec is Codec.MPEG4:
        return mpeg4_format(b"".join(units))
    raise UnsupportedError(f"{codec} has no parameter sets")


def h264_format(sps: h264.Sps, sets: tuple[bytes, ...]) -> VideoFormat:
    """Return the format that `sps` describes, carrying `sets` as its parameter sets."""
    return VideoFormat(
        codec=Codec.H264,
        width=sps.width,
        height=sps.height,
        codec_string=sps.codec_string,
        parameter_sets=sets,
        frame_rate=sps.frame_rate,
        reorder_depth=sps.reorder_depth,
        profile=sps.profile,
        colour=sps.vui.colour if sps.vui else None,
    )


def h265_format(sps: h265.Sps, vps: h265.Vps | None, sets: tuple[bytes, ...]) -> VideoFormat:
    """Return the format that `sps` describes, carrying `sets` as its parameter sets."""
    rate = sps.frame_rate
    if rate is None and vps is not None:
        rate = vps.frame_rate
    return VideoFormat(
        codec=Codec.H265,
        width=sps.width,
        height=sps.height,
        codec_string=sps.codec_string,
        parameter_sets=sets,
        frame_rate=rate,
        reorder_depth=sps.reorder_depth,
        profile=sps.profile,
        colour=sps.vui.colour if sps.vui else None,
    )


def mpeg4_format(header: bytes) -> VideoFormat:
    """Return the format of MPEG-4 part 2 video from its VOL header; errors as `vol_size`."""
    width, height = vol_size(header)
    return VideoFormat(
        codec=Codec.MPEG4,
        width=width,
        height=height,
        codec_string=f"mp4v.20.{visual_profile_level(header)}",
        parameter_sets=(header,),
    )


def mjpeg_format(frame: bytes) -> VideoFormat:
    """Return the format of Motion JPEG video from one of its pictures; errors as `jpeg_size`."""
    width, height = jpeg_size(frame)
    return VideoFormat(codec=Codec.MJPEG, width=width, height=height, codec_string="jpeg")


def aac_format(config: bytes) -> AudioFormat:
    """Return the format of AAC from its AudioSpecificConfig; errors as its parser."""
    parsed = parse_audio_specific_config(config)
    return AudioFormat(
        codec=Codec.AAC,
        sample_rate=parsed.sample_rate,
        channels=parsed.channels,
        config=parsed.data,
        codec_string=parsed.codec_string,
    )


def _h264(units: list[bytes]) -> VideoFormat:
    sps = [h264.parse_sps(unit) for unit in units if unit[0] & 31 == h264.NalType.SPS]
    pps = [h264.parse_pps(unit) for unit in units if unit[0] & 31 == h264.NalType.PPS]
    if not sps or not pps:
        raise MalformedError("H.264 without an SPS and a PPS")
    nals = [item.nal for item in sps] + [item.nal for item in pps]
    return h264_format(sps[0], tuple(nals))


def _h265(units: list[bytes]) -> VideoFormat:
    kinds = [unit[0] >> 1 & 63 for unit in units]
    pairs = list(zip(kinds, units, strict=True))
    vps = [h265.parse_vps(unit) for kind, unit in pairs if kind == h265.NalType.VPS]
    sps = [h265.parse_sps(unit) for kind, unit in pairs if kind == h265.NalType.SPS]
    pps = [h265.parse_pps(unit) for kind, unit in pairs if kind == h265.NalType.PPS]
    if not vps or not sps or not pps:
        raise MalformedError("H.265 without a VPS, an SPS and a PPS")
    first = next((item for item in vps if item.id == sps[0].vps_id), None)
    nals = [item.nal for item in vps] + [item.nal for item in sps] + [item.nal for item in pps]
    return h265_format(sps[0], first, tuple(nals))
