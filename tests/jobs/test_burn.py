"""What is drawn into pictures: time with its offset, text, masks that hide everything."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from appliance.jobs.burn import Burner, Mask, stamp
from appliance.media.dot_font import undrawable

BERLIN = ZoneInfo("Europe/Berlin")
NS = 1_000_000_000
AUTUMN = 1_792_888_200 * NS
"""02:30 CEST on the day on which that hour comes twice (2026-10-25)."""


def picture(width: int = 320, height: int = 240) -> np.ndarray:
    return np.full((height * 3 // 2, width), 200, np.uint8)


def test_the_time_tells_both_hours_of_a_clock_change_apart() -> None:
    assert stamp(AUTUMN + NS // 2, BERLIN) == "2026-10-25 02:30:00.5 +02:00"
    assert stamp(AUTUMN + 3600 * NS, BERLIN) == "2026-10-25 02:30:00.0 +01:00"
    assert undrawable(stamp(AUTUMN, BERLIN)) == ""


def test_a_mask_hides_luma_and_colour_up_to_its_edges() -> None:
    drawn = picture()
    Burner([Mask(0.25, 0.5, 0.251, 0.25)], False, "", BERLIN).draw(drawn, AUTUMN)
    luma = drawn[:240]
    assert (luma[120:180, 80:160] == 16).all()
    assert (luma[:118] == 200).all()
    assert (luma[:, :80] == 200).all()
    assert (luma[:, 164:] == 200).all()
    blue = drawn.reshape(-1)[320 * 240 : 320 * 240 * 5 // 4].reshape(120, 160)
    assert (blue[60:90, 40:80] == 128).all()
    assert (blue[:59] == 200).all()


@pytest.mark.parametrize("size", [(320, 240), (1920, 1080), (64, 48), (16, 16)])
def test_text_and_time_are_written_at_the_top_however_small_the_picture(
    size: tuple[int, int],
) -> None:
    width, height = size
    drawn = picture(width, height)
    Burner([], True, "Case 12/26", BERLIN).draw(drawn, AUTUMN)
    luma = drawn[:height]
    assert not (luma == 200).all()
    assert (luma[height // 2 :] == 200).all() or height < 64
    if width > 300:
        assert (luma == 235).sum() > 100


def test_another_text_draws_another_picture() -> None:
    one, other = picture(), picture()
    Burner([], False, "one", BERLIN).draw(one, AUTUMN)
    Burner([], False, "two", BERLIN).draw(other, AUTUMN)
    assert (one != other).any()


def test_what_cannot_be_written_is_named() -> None:
    assert undrawable("Case 12/26, Müller") == "ü"
