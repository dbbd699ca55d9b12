"""Errors of the board reach people through the catalogue, with their values and names."""

from __future__ import annotations

import ast
import errno
import os
import string
from pathlib import Path

import pytest

from appliance.supervisor import board_words
from appliance.supervisor.board_words import error_text
from board.errors import BoardError, ProfileError
from board.lines.contract import LineRef, line_taken
from board.profile.load import parse
from board.pse.bus import BusFault
from scripts import catalogue


def test_every_sentence_of_the_board_is_constant_and_brings_the_values_it_names() -> None:
    made = list(catalogue.board_errors())
    assert len(made) > 35
    for where, call in made:
        sentence = call.args[1]
        assert isinstance(sentence, ast.Constant), f"{where}: no catalogue can have this sentence"
        named = {name for _text, name, _form, _how in string.Formatter().parse(sentence.value)}
        assert named - {None} == {keyword.arg for keyword in call.keywords}, where


def test_every_sentence_about_a_profile_is_constant_and_brings_the_values_it_names() -> None:
    made = list(catalogue.board_phrases())
    assert len(made) > 40
    for where, call, sentence in made:
        assert isinstance(sentence, ast.Constant), f"{where}: no catalogue can have this sentence"
        named = {name for _text, name, _form, _how in string.Formatter().parse(sentence.value)}
        assert named - {None} == {keyword.arg for keyword in call.keywords}, where


def test_what_is_wrong_with_a_profile_is_told_in_the_boxs_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    german = {
        "{file}, line {line}: {reason}": "{file}, Zeile {line}: {reason}",
        "Line {line} belongs to {owner} already.": "Leitung {line} hat schon {owner}.",
        "relay {number}": "Relais {number}",
    }
    monkeypatch.setattr(board_words, "translated", lambda text: german.get(text, text))
    wrong = Path(board_words.__file__).parents[2] / "board" / "profiles" / "reference.toml"
    text = wrong.read_text().replace("line = 17", "line = 16")
    with pytest.raises(ProfileError) as caught:
        parse(text, "mine.toml")
    assert caught.value.reason == "Line 16 belongs to relay 1 already."
    told = error_text(caught.value)
    assert told == f"mine.toml, Zeile {caught.value.line}: Leitung 16 hat schon Relais 1."


def test_reasons_of_the_kernel_are_those_of_the_c_library() -> None:
    known = {os.strerror(number) for number in errno.errorcode}
    assert set(board_words.KERNEL_REASONS) <= known
    missing = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/dev/ttyAMA3")
    assert error_text(BoardError("x.y", "It is gone: {reason}", reason=missing)) == (
        "It is gone: No such file or directory"
    )


def test_a_sentence_is_looked_up_before_its_values_are_filled_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    german = {
        "{output} is set to {mode} and follows nobody.": "{output} steht auf {mode}.",
        "Off": "Aus",
        "": "head of the catalogue",
    }
    monkeypatch.setattr(board_words, "translated", lambda text: german.get(text, text))
    template = "{output} is set to {mode} and follows nobody."
    error = BoardError("relay.not_auto", template, output="relay-1", mode="Off")
    assert error_text(error, {"relay-1": "Sirene"}.__getitem__) == "Sirene steht auf Aus."
    assert error.text == "relay-1 is set to Off and follows nobody."
    empty = BoardError("x.y", "{reason}|{count}", reason="", count=3)
    assert error_text(empty) == "|3"


def test_errors_without_a_translation_say_what_they_say_in_english() -> None:
    for error in (
        line_taken(LineRef("/dev/gpiochip0", 17), "relay-1", "another {program}"),
        BusFault("no_answer", 1, 0x20),
        BoardError("x.y", "Braces {stay} where there are no values."),
    ):
        assert error_text(error) == error.text
    assert error_text(BusFault("no_answer", 1, 0x20)).startswith("No chip answers at address 0x20")
    assert error_text(None) == ""
