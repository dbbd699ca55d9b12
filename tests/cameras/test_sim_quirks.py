"""Every quirk is really on the wire; one named test for each."""

from __future__ import annotations

import asyncio
import base64
import re
import struct

import pytest

from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.specs import AudioSpec


def nal_types(packets) -> list[int]:
    return [packet.payload[0] & 31 for packet in packets]


def sprop(body: str) -> list[bytes]:
    sets = re.search(r"sprop-parameter-sets=([^;\r\n]*)", body)[1]
    return [base64.b64decode(item) for item in sets.split(",")]


# -- the session description ------------------------------------------------------------------


async def test_no_origin_leaves_out_the_o_line(quirky) -> None:
    body = (await (await quirky(Quirk.NO_ORIGIN)).describe()).body
    assert "\no=" not in body
    assert "m=video" in body


async def test_session_lines_in_media_repeats_them_inside_the_media_block(quirky) -> None:
    body = (await (await quirky(Quirk.SESSION_LINES_IN_MEDIA)).describe()).body
    block = body.split("m=video")[1].split("m=audio")[0]
    assert all(f"\n{kind}=" in block for kind in "vost")


async def test_rtpmap_other_payload_describes_95_but_sends_96(quirky) -> None:
    client = await quirky(Quirk.RTPMAP_OTHER_PAYLOAD)
    body = (await client.describe()).body
    assert "m=video 0 RTP/AVP 96" in body
    assert "a=rtpmap:95 H264/90000" in body
    await client.play()
    assert (await client.rtp(1))[0].payload_type == 96


async def test_control_first_puts_control_ahead_of_rtpmap(quirky) -> None:
    block = (await (await quirky(Quirk.CONTROL_FIRST)).describe()).body.split("m=video")[1]
    assert block.index("a=control") < block.index("a=rtpmap")


async def test_no_sprop_keeps_parameter_sets_in_band_only(quirky) -> None:
    client = await quirky(Quirk.NO_SPROP)
    assert "sprop" not in (await client.describe()).body
    await client.play()
    assert 7 in nal_types(await client.rtp(40))


@pytest.mark.parametrize("codec", ["h264", "h265"])
async def test_invalid_sprop_gives_nonsense_for_parameter_sets(quirky, codec: str) -> None:
    body = (await (await quirky(Quirk.INVALID_SPROP, codec=codec)).describe()).body
    assert base64.b64encode(b"\xde\xad\xbe\xef").decode() in body


async def test_sps_extra_bytes_follow_the_sps_in_description_and_stream(quirky) -> None:
    client = await quirky(Quirk.SPS_EXTRA_BYTES)
    assert sprop((await client.describe()).body)[0].endswith(b"\0\0\0\1")
    await client.play()
    found = [p.payload for p in await client.rtp(40) if p.payload[0] & 31 == 7]
    assert found
    assert all(payload.endswith(b"\0\0\0\1") for payload in found)


async def test_absurd_resolution_says_sixteen_million_pixels_a_row(quirky) -> None:
    client = await quirky(Quirk.ABSURD_RESOLUTION)
    await client.play()
    sps = next(p.payload for p in await client.rtp(40) if p.payload[0] & 31 == 7)
    plain = sps[4:].replace(b"\0\0\3", b"\0\0")
    bits = "".join(f"{byte:08b}" for byte in plain)

    def ue() -> int:
        nonlocal bits
        zeros = bits.index("1")
        value = int(bits[zeros : 2 * zeros + 1], 2) - 1
        bits = bits[2 * zeros + 1 :]
        return value

    assert [ue() for _ in range(4)] == [0, 0, 2, 1]
    bits = bits[1:]
    assert ((ue() + 1) * 16, (ue() + 1) * 16) == (16_000_000, 16_000_000)


@pytest.mark.parametrize(
    ("quirk", "line"),
    [
        (Quirk.METADATA_TRACK, "a=rtpmap:107 vnd.onvif.metadata/90000"),
        (Quirk.VANA_TRACK, "a=rtpmap:108 vana/90000"),
        (Quirk.MERCURY_TRACK, "m=application/MERCURY 0 RTP/AVP smart/1/90000"),
    ],
)
async def test_metadata_track_vana_track_mercury_track_come_with_packets(
    quirky, quirk: Quirk, line: str
) -> None:
    client = await quirky(quirk)
    body = (await client.describe()).body
    assert line in body
    await client.play()
    assert (await client.rtp(1, channel=4))[0].payload


async def test_pcm_48000_is_sent_raw_with_payload_type_11(quirky) -> None:
    client = await quirky(Quirk.PCM_48000)
    body = (await client.describe()).body
    assert "m=audio 0 RTP/AVP 11\r\n" in body
    assert "a=rtpmap:11 PCM/48000\r\n" in body
    await client.play()
    packet = (await client.rtp(3, channel=2))[0]
    assert packet.payload_type == 11
    assert len(packet.payload) == 960


async def test_aac_44100_is_described_and_stamped_at_44100(quirky) -> None:
    client = await quirky(Quirk.AAC_44100)
    body = (await client.describe()).body
    assert "MPEG4-GENERIC/44100/1" in body
    assert int(re.search(r"config=(\w+)", body)[1], 16) >> 7 & 15 == 4
    await client.play()
    first, second = (await client.rtp(2, channel=2))[:2]
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 1024


async def test_aac_fragmented_cuts_a_frame_over_packets_that_say_its_full_size(quirky) -> None:
    client = await quirky(Quirk.AAC_FRAGMENTED)
    await client.play()
    packets = await client.rtp(12, channel=2)
    groups: dict[int, list] = {}
    for packet in packets:
        groups.setdefault(packet.timestamp, []).append(packet)
    whole = list(groups.values())[1:-1]
    assert whole
    for group in whole:
        assert len(group) > 1
        assert [p.marker for p in group] == [False] * (len(group) - 1) + [True]
        size = int.from_bytes(group[0].payload[2:4], "big") >> 3
        assert sum(len(p.payload) - 4 for p in group) == size


# -- RTSP ---------------------------------------------------------------------------------------


async def test_no_content_type_is_left_out_of_the_description(quirky) -> None:
    reply = await (await quirky(Quirk.NO_CONTENT_TYPE)).describe()
    assert reply.status == 200
    assert reply.header("content-type") is None


async def test_no_content_base_is_left_out_of_the_description(quirky) -> None:
    assert (await (await quirky(Quirk.NO_CONTENT_BASE)).describe()).header("content-base") is None


async def test_content_base_path_is_an_absolute_path(quirky) -> None:
    assert (await (await quirky(Quirk.CONTENT_BASE_PATH)).describe()).header("content-base") == (
        "/main/"
    )


async def test_content_base_schemeless_begins_with_the_host(quirky) -> None:
    reply = await (await quirky(Quirk.CONTENT_BASE_SCHEMELESS)).describe()
    assert re.fullmatch(r"127\.0\.0\.1:\d+/main/", reply.header("content-base"))


async def test_absolute_control_is_a_whole_address_with_a_query(quirky) -> None:
    body = (await (await quirky(Quirk.ABSOLUTE_CONTROL)).describe()).body
    url = re.search(r"a=control:(rtsp://\S+/trackID=0\?\S+)", body)[1]
    client = await quirky(Quirk.ABSOLUTE_CONTROL)
    await client.describe()
    reply = await client.ask(
        "SETUP", url.replace(url.split("/")[2], client.url.split("/")[2]),
        {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"},
    )  # fmt: skip
    assert reply.status == 200


async def test_trailing_spaces_are_behind_every_header(quirky) -> None:
    reply = await (await quirky(Quirk.TRAILING_SPACES)).describe()
    assert all(line.endswith("   ") for line in reply.raw.split("\r\n")[1:-2])


async def test_trailing_semicolons_are_behind_session_and_transport(quirky) -> None:
    client = await quirky(Quirk.TRAILING_SEMICOLONS)
    await client.describe()
    reply = await client.setup(0)
    assert reply.header("session").endswith(";")
    assert reply.header("transport").endswith(";")


async def test_ssrc_padded_has_blanks_before_the_number(quirky) -> None:
    client = await quirky(Quirk.SSRC_PADDED)
    await client.describe()
    assert re.search(r"ssrc=  [0-9A-F]{8}$", (await client.setup(0)).header("transport"))


async def test_session_changes_with_every_setup(quirky) -> None:
    client = await quirky(Quirk.SESSION_CHANGES)
    await client.describe()
    first = (await client.setup(0)).header("session")
    assert first != (await client.setup(1)).header("session")
    assert (await client.ask("PLAY")).status == 200


async def test_rtp_info_zero_does_not_say_what_is_sent(quirky) -> None:
    info = (await (await quirky(Quirk.RTP_INFO_ZERO)).play()).header("rtp-info")
    assert info.count(";seq=0;rtptime=0") == 2


async def test_rtp_info_one_says_seq_1(quirky) -> None:
    assert ";seq=1;" in (await (await quirky(Quirk.RTP_INFO_ONE)).play()).header("rtp-info")


async def test_rtp_info_garbage_is_no_number(quirky) -> None:
    info = (await (await quirky(Quirk.RTP_INFO_GARBAGE)).play()).header("rtp-info")
    assert re.search(r"rtptime=\d+a,", info)


async def test_no_rtp_info_is_left_out(quirky) -> None:
    assert (await (await quirky(Quirk.NO_RTP_INFO)).play()).header("rtp-info") is None


async def test_rtp_before_play_reply_sends_media_first(quirky) -> None:
    client = await quirky(Quirk.RTP_BEFORE_PLAY_REPLY)
    assert (await client.play()).status == 200
    assert client.order[-2:] == ["frame", "PLAY"]


async def test_basic_and_digest_are_offered_together(quirky) -> None:
    client = await quirky(Quirk.BASIC_AND_DIGEST)
    offers = (await client.ask("DESCRIBE", login=False)).headers["www-authenticate"]
    assert [offer.split()[0] for offer in offers] == ["Basic", "Digest"]
    assert (await client.describe()).status == 200


async def test_no_get_parameter_is_not_offered_and_cuts_off_who_tries(quirky) -> None:
    client = await quirky(Quirk.NO_GET_PARAMETER)
    public = (await client.ask("OPTIONS")).header("public")
    assert "GET_PARAMETER" not in re.sub("SET_PARAMETER", "", public)
    await client.describe()
    with pytest.raises(asyncio.IncompleteReadError):
        await client.ask("GET_PARAMETER")


async def test_stale_nonce_is_refused_once_and_is_no_wrong_password(
    start_cameras, open_client, quick
) -> None:
    simulator = await start_cameras(quick(Quirk.STALE_NONCE))
    client = await open_client(simulator.url("cam1"))
    assert (await client.describe()).status == 200
    refused = await client.setup(0)
    assert refused.status == 401
    assert "stale=true" in refused.header("www-authenticate")
    client.challenge = refused.header("www-authenticate")
    assert (await client.setup(0)).status == 200
    assert simulator.camera("cam1").gate.refused == 0


async def test_server_requests_come_between_frames(quirky) -> None:
    client = await quirky(Quirk.SERVER_REQUESTS)
    await client.play()
    await client.rtp(40)
    assert "OPTIONS * RTSP/1.0" in client.order


async def test_garbage_is_neither_rtsp_nor_the_end(quirky) -> None:
    client = await quirky(Quirk.GARBAGE)
    client.send("OPTIONS")
    data = await asyncio.wait_for(client.reader.read(4096), 5)
    assert data
    assert not data.startswith((b"RTSP", b"HTTP", b"$"))


async def test_web_server_answers_in_http(quirky) -> None:
    client = await quirky(Quirk.WEB_SERVER)
    client.send("DESCRIBE")
    data = await asyncio.wait_for(client.reader.read(), 5)
    assert data.startswith(b"HTTP/1.1 400")
    assert b"<!DOCTYPE html>" in data


# -- RTP and RTCP -------------------------------------------------------------------------------


@pytest.mark.parametrize(("codec", "kind", "at"), [("h264", 28, 1), ("h265", 49, 2)])
async def test_empty_fu_has_no_bytes_behind_its_header(
    quirky, codec: str, kind: int, at: int
) -> None:
    client = await quirky(Quirk.EMPTY_FU, codec=codec)
    await client.play()
    payloads = [p.payload for p in await client.rtp(60)]
    units = [p for p in payloads if (p[0] & 31 if codec == "h264" else p[0] >> 1 & 63) == kind]
    assert any(len(unit) == at + 1 for unit in units)


@pytest.mark.parametrize(("codec", "kind", "at"), [("h264", 28, 1), ("h265", 49, 2)])
async def test_fu_type_change_names_another_type_in_the_last_fragment(
    quirky, codec: str, kind: int, at: int
) -> None:
    client = await quirky(Quirk.FU_TYPE_CHANGE, codec=codec)
    await client.play()
    payloads = [p.payload for p in await client.rtp(60)]
    units = [p for p in payloads if (p[0] & 31 if codec == "h264" else p[0] >> 1 & 63) == kind]
    changes = 0
    begun = None
    for unit in units:
        if unit[at] & 128:
            begun = unit[at] & 63
        elif unit[at] & 64 and begun is not None:
            assert unit[at] & 63 != begun
            changes += 1
    assert changes


async def test_mark_on_sei_ends_the_access_unit_too_early(quirky) -> None:
    client = await quirky(Quirk.MARK_ON_SEI)
    await client.play()
    packets = await client.rtp(60)
    marked = [p for p in packets if p.marker and p.payload[0] & 31 == 6]
    assert marked
    after = packets[packets.index(marked[0]) + 1]
    assert after.timestamp == marked[0].timestamp


async def test_marker_never_is_set(quirky) -> None:
    client = await quirky(Quirk.MARKER_NEVER)
    await client.play()
    assert not any(p.marker for p in await client.rtp(60))


async def test_marker_always_is_set(quirky) -> None:
    client = await quirky(Quirk.MARKER_ALWAYS)
    await client.play()
    assert all(p.marker for p in await client.rtp(60))


@pytest.mark.parametrize("codec", ["h264", "h265"])
async def test_annex_b_puts_start_codes_inside_a_payload(quirky, codec: str) -> None:
    client = await quirky(Quirk.ANNEX_B, codec=codec)
    await client.play()
    assert any(b"\0\0\0\1" in p.payload for p in await client.rtp(60))


@pytest.mark.parametrize(("codec", "kind"), [("h264", 24), ("h265", 48)])
async def test_aggregate_joins_parameter_sets_in_one_packet(quirky, codec: str, kind: int) -> None:
    client = await quirky(Quirk.AGGREGATE, codec=codec)
    await client.play()
    types = [
        p.payload[0] & 31 if codec == "h264" else p.payload[0] >> 1 & 63
        for p in await client.rtp(60)
    ]
    assert kind in types


async def test_rtp_padding_is_flagged_and_counted(quirky) -> None:
    client = await quirky(Quirk.RTP_PADDING)
    await client.play()
    packets = await client.rtp(10)
    assert all(p.first & 0x20 and p.payload.endswith(b"\0\0\0\4") for p in packets)


async def test_rtp_extension_precedes_the_payload(quirky) -> None:
    client = await quirky(Quirk.RTP_EXTENSION)
    await client.play()
    packets = await client.rtp(10)
    assert all(p.first & 0x10 and p.payload.startswith(b"\xab\xac\0\3") for p in packets)


async def test_junk_payload_type_50_comes_between_the_others(quirky) -> None:
    client = await quirky(Quirk.JUNK_PAYLOAD_TYPE)
    await client.play()
    assert {p.payload_type for p in await client.rtp(20)} == {50, 96}


async def test_unassigned_channel_carries_frames_nobody_set_up(quirky) -> None:
    client = await quirky(Quirk.UNASSIGNED_CHANNEL)
    await client.play()
    frames = await client.frames(lambda got: len(got) > 40)
    assert {200, 201} <= {channel for channel, _ in frames}


def reports(frames) -> list[tuple[int, int, int]]:
    """Return (ssrc, NTP seconds, RTP time) of the sender reports on channel 1."""
    found = []
    for channel, data in frames:
        if channel == 1 and data[1] == 200:
            ssrc, seconds, _, rtp_time = struct.unpack(">4xIIII", data[:20])
            found.append((ssrc, seconds, rtp_time))
    return found


async def test_unknown_ssrc_rtcp_reports_a_stranger(quirky) -> None:
    client = await quirky(Quirk.UNKNOWN_SSRC_RTCP)
    await client.play()
    frames = await client.frames(lambda got: len(reports(got)) >= 2)
    assert len({ssrc for ssrc, _, _ in reports(frames)}) == 2


async def test_wrong_sr_clock_says_1970(quirky) -> None:
    client = await quirky(Quirk.WRONG_SR_CLOCK)
    await client.play()
    frames = await client.frames(lambda got: len(reports(got)) >= 1)
    assert 0 <= reports(frames)[0][1] - 2_208_988_800 < 86_400


async def test_no_rtcp_is_sent(quirky) -> None:
    client = await quirky(Quirk.NO_RTCP)
    await client.play()
    frames = await client.frames(lambda got: sum(c == 0 for c, _ in got) > 60)
    assert {channel for channel, _ in frames} <= {0, 2}


async def test_quirks_leave_a_plain_camera_alone(quirky) -> None:
    client = await quirky(audio=AudioSpec("pcma", 8_000))
    reply = await client.play()
    assert reply.header("rtp-info")
    packets = await client.rtp(40)
    assert {p.payload_type for p in packets} == {96}
    assert {p.first for p in packets} == {0x80}


def test_every_quirk_has_a_test_named_after_it() -> None:
    names = " ".join(name for name in globals() if name.startswith("test_"))
    missing = [
        q for q in Quirk if q.value.replace("-", "_") not in names.replace("type_50", "type")
    ]
    assert not missing
