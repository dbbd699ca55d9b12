"""What a password has to look like (D2-AC-06)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.accounts.rules import BARRED, broken_rules, normalise


def codes(password: str, user: str = "admin") -> set[str]:
    return {rule.code for rule in broken_rules(normalise(password), user)}


@pytest.mark.parametrize(
    "password",
    ["Lantern7Field", "kettle-42-rope", "xK9#mQ2$", "ÄpfelUnd8Birnen", "a" * 3 + "Zq8!wR"],
)
def test_a_good_password_breaks_no_rule(password: str) -> None:
    assert codes(password) == set()


@pytest.mark.parametrize(("length", "fits"), [(7, False), (8, True), (32, True), (33, False)])
def test_a_password_has_8_to_32_characters(length: int, fits: bool) -> None:
    password = ("xK9mQ2wRtB" * 4)[:length]
    assert ("password_length" not in codes(password)) is fits


@pytest.mark.parametrize("password", ["lanternfield", "LANTERNFIELD", "8302957164", "#$%^#$%^!~"])
def test_one_kind_of_character_is_not_enough(password: str) -> None:
    assert "password_kinds" in codes(password)


@pytest.mark.parametrize("character", list(BARRED))
def test_barred_characters_are_refused(character: str) -> None:
    assert codes("Lantern7" + character) == {"password_barred"}


@pytest.mark.parametrize(
    "password", ["Lantern 7Field", "Lantern\t7Field", "Lantern\u00a07Fie", "Lan\x00tern7"]
)
def test_blanks_and_control_characters_are_refused(password: str) -> None:
    assert "password_blank" in codes(password)


@pytest.mark.parametrize(
    "password",
    [
        "Password1", "p4ssw0rd!", "Admin123!", "admin1234", "admin12345", "qwerty123", "12345678a",
        "abcd1234", "Abcdefg1", "1q2w1q2w", "aaaaaaa1", "camera2024", "hikvision1", "qwertyuiop1",
        "87654321a", "letmein!!1",
    ],
)  # fmt: skip
def test_common_passwords_are_refused(password: str) -> None:
    assert "password_common" in codes(password)


def test_the_own_name_is_no_password() -> None:
    assert "password_common" in codes("Margarete1", user="margarete")


def test_every_broken_rule_is_told_at_once() -> None:
    assert codes("a ;") == {
        "password_length", "password_blank", "password_barred", "password_common", "password_kinds",
    }  # fmt: skip


def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    assert normalise("Cafe\u0301Au7Lait") == normalise("Caf\u00e9Au7Lait")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=64))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    broken_rules(text, "admin")


@pytest.mark.parametrize(
    ("password", "kinds"),
    [("kettlerope", 1), ("Kettlerope", 2), ("Kettle4rope", 3), ("Kettle-4rope", 4)],
)
def test_as_many_kinds_of_characters_are_asked_for_as_the_settings_say(
    password: str, kinds: int
) -> None:
    for wanted in (2, 3, 4):
        refused = "password_kinds" in {rule.code for rule in broken_rules(password, "anna", wanted)}
        assert refused == (kinds < wanted)


def test_no_setting_asks_for_fewer_than_two_kinds() -> None:
    assert "password_kinds" in {rule.code for rule in broken_rules("kettlerope", "anna", 0)}
