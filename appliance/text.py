"""Texts for people, ready for translation: every user-facing sentence goes through `_`."""

from __future__ import annotations

import gettext
from pathlib import Path

_catalogue: gettext.NullTranslations = gettext.translation(
    "nvr", localedir=Path(__file__).parent / "locale", fallback=True
)


def _(message: str) -> str:
    """Return `message`, a literal, in the box's language; placeholders are filled by the caller."""
    return _catalogue.gettext(message)


def translated(message: str) -> str:
    """As `_`, for a text that comes from elsewhere: `board` brings the sentences of its errors."""
    return _catalogue.gettext(message)
