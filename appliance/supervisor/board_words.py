"""What the board has to say about its errors, in the box's language."""

from __future__ import annotations

from collections.abc import Callable

from appliance.text import translated
from board.errors import BoardError


def error_text(error: BoardError | None, name: Callable[[str], str] = str) -> str:
    """Return the sentence of an error, "" for none.

    `name` gives what people call an output.  `board` knows no language, so its errors bring their
    sentence as a constant (`template`), which is what catalogues know it by; words in it, as the
    mode of an output, are looked up too and stay as they are where no catalogue has them.
    """
    if error is None:
        return ""
    values = {key: _looked_up(value) for key, value in error.values.items()}
    if "output" in error.values:
        values["output"] = name(str(error.values["output"]))
    sentence = translated(error.template)
    return sentence.format(**values) if values else sentence


def _looked_up(value: object) -> object:
    """Look up a word; "" would give the head of the catalogue."""
    return translated(value) if isinstance(value, str) and value else value
