"""The one-time code."""

from __future__ import annotations

from pathlib import Path

from appliance.accounts.setup_code import ALPHABET, SetupCode


def test_the_code_matches_however_it_is_typed(tmp_path: Path) -> None:
    code = SetupCode(tmp_path / "code.json")
    text = code.issue()
    assert code.matches(text)
    assert code.matches(text.lower().replace("-", " "))
    assert code.matches(text.replace("-", ""))


def test_another_code_does_not_match(tmp_path: Path) -> None:
    code = SetupCode(tmp_path / "code.json")
    text = code.issue()
    wrong = ("A" if text[0] != "A" else "B") + text[1:]
    assert not code.matches(wrong)
    assert not code.matches("")
    assert not code.matches(text[:-1])


def test_the_code_is_not_on_disk(tmp_path: Path) -> None:
    text = SetupCode(tmp_path / "code.json").issue()
    stored = (tmp_path / "code.json").read_text()
    assert text not in stored
    assert text.replace("-", "") not in stored
    assert (tmp_path / "code.json").stat().st_mode & 0o777 == 0o600


def test_a_new_code_ends_the_former_one(tmp_path: Path) -> None:
    code = SetupCode(tmp_path / "code.json")
    first = code.issue()
    second = code.issue()
    assert not code.matches(first)
    assert code.matches(second)


def test_a_used_code_is_worthless(tmp_path: Path) -> None:
    code = SetupCode(tmp_path / "code.json")
    text = code.issue()
    code.use_up()
    assert not code.matches(text)


def test_a_damaged_file_matches_nothing(tmp_path: Path) -> None:
    for content in (b"", b"{}", b"[]", b'{"salt": 1, "hash": 2}', b"\xff"):
        (tmp_path / "code.json").write_bytes(content)
        assert not SetupCode(tmp_path / "code.json").matches("")


def test_the_alphabet_has_nothing_that_looks_alike() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("01IO") & set(ALPHABET)
