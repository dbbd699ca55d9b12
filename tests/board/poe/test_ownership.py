"""Whose the device on a port is, from what was seen while the camera had pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from board.poe.ownership import Evidence, Owner, owner_of

MAC, OTHER = "02:00:5e:00:00:01", "02:00:5e:00:00:02"
PLAYED = Evidence(powered=True, unplugs=1, link=True, behind=(MAC,), mac=MAC)
HANGS = replace(PLAYED, link=True, behind=())


@pytest.mark.parametrize(
    ("played", "now", "owner"),
    [
        (PLAYED, HANGS, "same"),
        (PLAYED, PLAYED, "same"),
        (replace(PLAYED, behind=(), mac="", link=None), replace(HANGS, mac="", link=None), "same"),
        (PLAYED, replace(HANGS, behind=(OTHER,)), "other_device"),
        (PLAYED, replace(HANGS, unplugs=2), "replugged"),
        (PLAYED, replace(PLAYED, unplugs=2), "same"),
        (PLAYED, replace(HANGS, other_switch=True), "other_switch"),
        (replace(PLAYED, other_switch=True), HANGS, "other_switch"),
        (replace(PLAYED, mac_elsewhere=True), HANGS, "elsewhere"),
        (PLAYED, replace(HANGS, mac_elsewhere=True), "elsewhere"),
        (replace(PLAYED, link=False, behind=()), HANGS, "elsewhere"),
        (replace(PLAYED, powered=False), HANGS, "not_powered_by_it"),
        (None, HANGS, "unknown"),
    ],
)
def test_only_the_camera_that_was_seen_on_the_port_is_restarted(
    played: Evidence | None, now: Evidence, owner: Owner
) -> None:
    assert owner_of(played, now, certain=False) == owner


def test_a_person_who_names_the_camera_is_believed_unless_something_speaks_against_it() -> None:
    assert owner_of(None, HANGS, certain=True) == "same"
    assert owner_of(None, replace(HANGS, other_switch=True), certain=True) == "other_switch"
    assert owner_of(PLAYED, replace(HANGS, behind=(OTHER,)), certain=True) == "other_device"
