import pytest

from appliance.media.errors import MalformedError
from appliance.media.rtsp.transport import Transport, parse


def test_offers_are_written_as_cameras_read_them() -> None:
    tcp = Transport(lower="TCP", interleaved=(0, 1))
    assert str(tcp) == "RTP/AVP/TCP;unicast;interleaved=0-1"
    udp = Transport(client_port=(5000, 5001))
    assert str(udp) == "RTP/AVP;unicast;client_port=5000-5001"
    assert str(Transport(multicast=True)) == "RTP/AVP;multicast"


def test_what_is_written_is_read_back() -> None:
    full = Transport(
        lower="UDP", multicast=True, port=(5000, 5001), destination="239.1.1.1", ttl=16, ssrc=0xAB
    )
    assert parse(str(full)) == [full]


@pytest.mark.parametrize(
    ("text", "ssrc"),
    [("ssrc= d6d6627", 0xD6D6627), ("ssrc=30A98EE7", 0x30A98EE7), ("ssrc=zz", None)],
)
def test_quirk_ssrc_padded_with_spaces(text: str, ssrc: int | None) -> None:
    (found,) = parse(f"RTP/AVP/TCP;unicast;interleaved=0-1;{text}")
    assert found.ssrc == ssrc
    assert found.interleaved == (0, 1)


def test_quirk_parameters_in_any_order_blanks_and_trailing_semicolons() -> None:
    (found,) = parse(' RTP/AVP/TCP ; ssrc=22345684 ; interleaved = 2 - 3 ; mode="play" ;')
    assert found == Transport(lower="TCP", interleaved=(2, 3), ssrc=0x22345684, mode="play")


def test_a_single_port_means_a_pair() -> None:
    (found,) = parse("RTP/AVP/UDP;unicast;client_port=5000;server_port=6000")
    assert (found.client_port, found.server_port) == ((5000, 5001), (6000, 6001))


def test_numbers_out_of_range_are_as_if_absent() -> None:
    (found,) = parse("RTP/AVP;interleaved=300-301;ttl=999;port=99999;client_port=x")
    assert found == Transport()


def test_several_offers_are_all_read() -> None:
    assert [t.lower for t in parse("RTP/AVP/TCP;unicast, RTP/AVP;multicast")] == ["TCP", "UDP"]


def test_no_profile_is_malformed() -> None:
    with pytest.raises(MalformedError):
        parse("unicast;interleaved=0-1")
