"""Names of accounts and groups: what may stand in one, and which look like one another.

Two names with the same skeleton (Unicode TR 39 section 4, by a short table of its confusables that
people can type) are taken for one another, so the second is refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from appliance.text import _

MAX_LENGTH = 32
_MARKS = " ._-@"
_LOOKS_LIKE = str.maketrans(
    {
        # Digits and signs for letters
        "0": "o", "1": "l", "|": "l", "!": "l", "3": "e", "5": "s", "@": "a", "$": "s",
        # Letters that stand for l in many fonts
        "i": "l", "ı": "l", "j": "l", "ɩ": "l", "ɪ": "l", "ӏ": "l",
        # Cyrillic
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "һ": "h", "н": "h", "і": "l",
        "ї": "l", "ј": "l", "к": "k", "м": "m", "п": "n", "ո": "n", "о": "o", "р": "p", "ԛ": "q",
        "г": "r", "ѕ": "s", "т": "t", "у": "y", "ѵ": "v", "ԝ": "w", "х": "x", "з": "e", "ь": "b",
        # Greek
        "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "l", "κ": "k", "μ": "u", "ν": "v", "ο": "o",
        "ρ": "p", "σ": "o", "τ": "t", "υ": "u", "χ": "x", "γ": "y", "ω": "w", "δ": "d",
        # Armenian, Latin letters of other shapes
        "օ": "o", "ս": "u", "հ": "h", "ց": "g", "զ": "q", "ɑ": "a", "ɡ": "g", "ɢ": "g", "ʏ": "y",
        "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ʜ": "h", "ᴊ": "l", "ᴋ": "k", "ʟ": "l",
        "ᴍ": "m", "ɴ": "n", "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w",
        "ᴢ": "z", "đ": "d", "ð": "d", "ł": "l", "ø": "o", "þ": "p", "ħ": "h", "ŧ": "t", "ß": "b",
        "æ": "ae", "œ": "oe",
    }
)  # fmt: skip
_UNSEEN = "\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Letters and marks that show nothing (Default_Ignorable_Code_Point of Unicode)."""
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))


def name_errors(name: str, others: Iterable[str]) -> list[tuple[str, str]]:
    """Return (code, text) for each reason why `name` cannot be a new name beside `others`."""
    broken: list[tuple[str, str]] = []
    if not 1 <= len(name) <= MAX_LENGTH:
        broken.append(("name_length", _("Use 1 to {most} characters.").format(most=MAX_LENGTH)))
    if not name:
        return broken
    if name != unicodedata.normalize("NFKC", name) or not all(_may_stand(c) for c in name):
        broken.append(
            (
                "name_characters",
                _("Use letters, digits, spaces and . _ - @ only; nothing that does not print."),
            )
        )
    elif name != name.strip(_MARKS) or "  " in name:
        broken.append(
            ("name_ends", _("Begin and end with a letter or digit; put single spaces between."))
        )
    twin = next((other for other in others if skeleton(other) == skeleton(name)), None)
    if twin is not None:
        text = (
            _('There is a "{name}" already.')
            if twin == name
            else _('This reads like "{name}", which there is already. Choose another name.')
        )
        broken.append(("name_taken", text.format(name=twin)))
    return broken


def skeleton(name: str) -> str:
    """Return a form in which names that look alike are equal."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if unicodedata.category(c)[0] in "LNPSZ")
    plain = plain.casefold().translate(_LOOKS_LIKE)
    plain = "".join(c for c in plain if c not in " ._-")
    for pair, single in _PAIRS:
        plain = plain.replace(pair, single)
    return plain


def _may_stand(character: str) -> bool:
    if character in _UNSEEN:
        return False
    return character in _MARKS or unicodedata.category(character)[0] in "LMN"
