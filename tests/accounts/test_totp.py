"""One-time passwords."""

from __future__ import annotations

import base64

import pytest

from appliance.accounts.totp import address, code_at, matching_step, new_secret, step_of

RFC = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("utc_s", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_test_vectors_of_rfc_6238(utc_s: int, code: str) -> None:
    """Appendix B, of which the last six digits are those of a six-digit code."""
    assert code_at(RFC, step_of(utc_s)) == code[-6:]


def test_codes_of_the_step_before_and_after_match_and_others_do_not() -> None:
    now = 1_800_000_000
    step = step_of(now)
    assert [matching_step(RFC, code_at(RFC, step + d), now, 1) for d in (-2, -1, 0, 1, 2)] == [
        None, step - 1, step, step + 1, None,
    ]  # fmt: skip
    assert matching_step(RFC, code_at(RFC, step + 10), now, 20) == step + 10


def test_a_secret_is_160_bits_and_never_the_same() -> None:
    assert len(base64.b32decode(new_secret())) == 20
    assert new_secret() != new_secret()


def test_the_address_is_what_apps_read() -> None:
    assert address("ABC", "night guard", "Video recorder") == (
        "otpauth://totp/Video%20recorder%3Anight%20guard"
        "?secret=ABC&issuer=Video%20recorder&digits=6&period=30"
    )
