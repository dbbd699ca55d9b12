"""Names of accounts and groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.accounts.names import name_errors, skeleton


def codes(name: str, *others: str) -> set[str]:
    return {code for code, _text in name_errors(name, others)}


@pytest.mark.parametrize(
    "name", ["anna", "Öztürk", "guard 2", "night-shift", "a.b_c@d", "守衛", "Владимир", "مدير", "x"]
)
def test_a_name_in_any_script_is_a_name(name: str) -> None:
    assert codes(name, "admin") == set()


@pytest.mark.parametrize(
    "name",
    [
        "аdmin",  # Cyrillic а
        "ADMIN", "Admin", "adm1n", "admln", "adrnin", "ad-min", "admin.", "a.d.m.i.n",
        "аdміn", "ａｄｍｉｎ", "αdmin", "adm\u0131n", "ádmin", "adm\u0456n",
        "ᴀᴅᴍɪɴ", "𝐚𝐝𝐦𝐢𝐧", "@dmin",
    ],
)  # fmt: skip
def test_what_reads_like_admin_is_refused(name: str) -> None:
    assert codes(name, "admin")


@pytest.mark.parametrize(
    "name",
    ["an\nna", "an\x00na", "an\u200bna", "an\u202ena", "an\ufeffna", "<b>", "a/b", "a\\b", "a:b",
     'a"b', "a😀", "admin\u1160", "admin\u115f", "ad\u17b4min"],
)  # fmt: skip
def test_what_does_not_print_or_means_something_elsewhere_is_refused(name: str) -> None:
    assert "name_characters" in codes(name)


@pytest.mark.parametrize("name", [" anna", "anna ", "an  na", ".anna", "anna-"])
def test_ends_and_gaps_that_nobody_sees_are_refused(name: str) -> None:
    assert "name_ends" in codes(name)


@pytest.mark.parametrize("name", ["", "a" * 33])
def test_a_name_has_1_to_32_characters(name: str) -> None:
    assert codes(name) == {"name_length"}


def test_the_same_name_is_said_to_be_there(name: str = "anna") -> None:
    ((code, text),) = name_errors(name, ["anna"])
    assert code == "name_taken"
    assert 'There is a "anna" already' in text


@given(st.text(max_size=40))
def test_any_text_is_judged_and_taken_by_itself(text: str) -> None:
    if skeleton(text):
        assert "name_taken" in codes(text, text)
