"""The battery-backed clock, and why the computer started."""

from __future__ import annotations

import pytest

from board.climate import reboot, rtc

NOW_S = 1_800_000_000


@pytest.fixture
def clock(tmp_path):
    (tmp_path / "rtc0").mkdir()

    def put(text: str, flags: int | None = 0) -> rtc.RtcReading:
        (tmp_path / "rtc0" / "since_epoch").write_text(text)
        return rtc.read("/dev/rtc0", tmp_path, lambda device: flags)

    return put


def test_a_good_clock_is_believed(clock):
    assert clock(f"{NOW_S}\n") == rtc.RtcReading(NOW_S, False, None)
    assert clock(f"{NOW_S}\n", None) == rtc.RtcReading(NOW_S, None, None)


@pytest.mark.parametrize("flags", [2, 4])
def test_a_low_battery_is_told_but_the_time_is_used(clock, flags):
    reading = clock(str(NOW_S), flags)
    assert reading.utc_s == NOW_S
    assert reading.battery_low
    assert reading.fault.code == "rtc.battery"


@pytest.mark.parametrize(
    ("text", "flags"), [("0", 0), ("946684800", 0), (str(NOW_S), 1), ("9" * 12, 0)]
)
def test_a_clock_that_lost_its_time_is_not_believed(clock, text, flags):
    reading = clock(text, flags)
    assert reading.utc_s is None
    assert reading.fault.code == "rtc.lost"


@pytest.mark.parametrize("text", ["", "soon", "\x00"])
def test_a_clock_that_cannot_be_read_is_told(clock, text):
    assert clock(text).fault.code == "rtc.missing"


def test_a_missing_clock_is_told(tmp_path):
    assert rtc.read("/dev/rtc0", tmp_path).fault.code == "rtc.missing"


def test_the_system_is_set_only_from_a_clock_to_believe_and_before_a_time_server_did():
    assert rtc.to_set(0.0, NOW_S, synchronised=False) == NOW_S
    assert rtc.to_set(NOW_S + 9.0, NOW_S, synchronised=False) == NOW_S
    assert rtc.to_set(NOW_S + 1.0, NOW_S, synchronised=False) is None
    assert rtc.to_set(0.0, NOW_S, synchronised=True) is None
    assert rtc.to_set(0.0, None, synchronised=False) is None


@pytest.mark.parametrize(
    ("flags", "panic", "in_order", "cause"),
    [
        (None, False, True, "ordered"),
        (0, False, False, "power"),
        (0x20, False, False, "watchdog"),
        (0x01, False, True, "overheated"),
        (0, True, False, "crash"),
        (0x20, True, False, "crash"),
        (0x20, False, True, "ordered"),
    ],
)
def test_the_cause_of_a_start(tmp_path, flags, panic, in_order, cause):
    status = tmp_path / "bootstatus"
    if flags is not None:
        status.write_text(f"{flags}\n")
    pstore = tmp_path / "pstore"
    pstore.mkdir()
    if panic:
        (pstore / "dmesg-ramoops-0").write_text("Oops")
    signs = reboot.read_signs(status, pstore)
    assert reboot.cause_of(signs, ended_in_order=in_order) == cause


def test_signs_that_cannot_be_read_are_none(tmp_path):
    (tmp_path / "bootstatus").write_text("what")
    signs = reboot.read_signs(tmp_path / "bootstatus", tmp_path / "nothing")
    assert signs == reboot.Signs(None, False)
