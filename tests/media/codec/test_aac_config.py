"""AudioSpecificConfig, read and written."""

from __future__ import annotations

import av
import pytest

from appliance.media.codec.aac import (
    SAMPLE_RATES,
    build_audio_specific_config,
    parse_audio_specific_config,
    strip_adts,
)
from appliance.media.codec.bits import BitWriter
from appliance.media.codec.formats import aac_format
from appliance.media.errors import LimitError, MalformedError, UnsupportedError


@pytest.mark.parametrize("rate", [*SAMPLE_RATES, 44_000])
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_what_is_written_is_read(rate, channels):
    config = parse_audio_specific_config(build_audio_specific_config(rate, channels))
    assert (config.sample_rate, config.channels, config.frame_length) == (rate, channels, 1024)
    assert config.codec_string == "mp4a.40.2"


def test_the_config_of_an_encoder_is_read():
    context = av.CodecContext.create("aac", "w")
    context.sample_rate = 16_000
    context.layout = "mono"
    context.format = "fltp"
    context.open()
    made = aac_format(context.extradata)
    assert (made.sample_rate, made.channels, made.config) == (16_000, 1, context.extradata)


def test_configs_of_real_cameras_are_read():
    assert parse_audio_specific_config(bytes.fromhex("1188")).sample_rate == 48_000
    hikvision = parse_audio_specific_config(bytes.fromhex("1408"))
    assert (hikvision.sample_rate, hikvision.channels) == (16_000, 1)


def test_sbr_is_seen_in_front_and_behind():
    behind = bytes.fromhex("131056e598")  # AAC-LC at 24 kHz, then 0x2b7, 5, 1, 48 kHz
    config = parse_audio_specific_config(behind)
    assert (config.core_rate, config.sample_rate, config.frame_length) == (24_000, 48_000, 2048)
    front = BitWriter()
    for value, bits in ((29, 5), (6, 4), (1, 4), (3, 4), (2, 5), (0, 3)):
        front.u(value, bits)
    config = parse_audio_specific_config(front.bytes())
    assert (config.codec_string, config.sample_rate) == ("mp4a.40.29", 48_000)


def test_a_program_config_element_is_counted():
    bits = BitWriter()
    for value, width in ((2, 5), (3, 4), (0, 4), (0, 3)):
        bits.u(value, width)
    for value, width in ((0, 4), (1, 2), (3, 4), (1, 4), (0, 4), (1, 4), (1, 2), (0, 7), (0, 3)):
        bits.u(value, width)
    for pair in (1, 0):
        bits.u(pair, 1)
        bits.u(0, 4)
    assert parse_audio_specific_config(bits.bytes()).channels == 4


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MalformedError),
        ("11", MalformedError),
        ("f8e4", MalformedError),
        ("1790", MalformedError),
    ],
)
def test_broken_configs_are_refused(text, error):
    with pytest.raises(error):
        parse_audio_specific_config(bytes.fromhex(text))


def test_other_codings_and_absurd_values_are_refused():
    with pytest.raises(UnsupportedError):
        parse_audio_specific_config(bytes.fromhex("4210"))
    with pytest.raises(LimitError):
        parse_audio_specific_config(bytes(300))
    with pytest.raises(UnsupportedError):
        build_audio_specific_config(8_000, 7)
    with pytest.raises(LimitError):
        build_audio_specific_config(0, 1)


def test_only_a_fitting_adts_header_is_stripped():
    head = b"\xff\xf1\x6c\x40"
    unit = head + bytes([9 >> 3, (9 & 7) << 5 | 0x1F, 0xFC]) + b"ab"
    assert strip_adts(unit) == b"ab"
    assert strip_adts(unit + b"c") == unit + b"c"
    assert strip_adts(b"\x21ab") == b"\x21ab"
