"""A stranger's text made safe to show: names on a stick, a manifest of somebody's export."""

from __future__ import annotations

import unicodedata

MOST_NAME = 200
MOST_TEXT = 500
_JOINERS = "\u200c\u200d"
"""Persian and other names need them; they move nothing."""


def same_letters(name: str) -> str:
    """Return a name in the one form in which names are compared: macOS takes letters apart."""
    return unicodedata.normalize("NFC", name)


def plain(text: object, most: int = MOST_TEXT) -> str:
    """Return a stranger's text as it may be shown in a terminal, a log or a page.

    One line of at most `most` characters; control characters, marks that turn the direction of
    writing, and what is no text at all become U+FFFD.
    """
    words = str(text)[: most + 1]
    shown = "".join(
        " " if c in "\n\t" else c if c in _JOINERS or _shows(c) else "\ufffd" for c in words
    )
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _shows(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ"
