"""What a password has to look like (D2-AC-06, D1-IZ-02)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from appliance.text import _

MIN_LENGTH = 8
MAX_LENGTH = 32
MIN_KINDS = 2
"""The least that can be asked for (D2-AC-06); three are unless the settings say so (N1.4)."""
KINDS = 3
BARRED = "'\";:&"
_LEET = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}
)
_COMMON_WORDS = frozenset(
    word
    for line in (
        "password passwort kennwort passwd pass admin administrator root user guest test default",
        "changeme letmein welcome secret login master access qwerty qwertz azerty asdfgh zxcvbn",
        "1q2w3e4r iloveyou monkey dragon football baseball sunshine princess superman shadow",
        "camera cameras security recorder video nvr dvr cctv abc hello trustno qaz wsx edc qazwsx",
        "dahua hikvision hik reolink uniview axis",
    )
    for word in line.split()
)
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890")
_RUN_LENGTH = 4


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One rule that a password breaks: a stable code and the sentence for the person."""

    code: str
    text: str


def normalise(password: str) -> str:
    """Return the form that is checked and hashed: composed characters (NFC)."""
    return unicodedata.normalize("NFC", password)


def broken_rules(password: str, user: str, least_kinds: int = KINDS) -> list[BrokenRule]:
    """Return every rule that `password` (normalised) breaks for account `user`, [] if none.

    `least_kinds` of the four kinds of characters have to be there.
    """
    broken: list[BrokenRule] = []
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        broken.append(
            BrokenRule(
                "password_length",
                _("Use {least} to {most} characters.").format(least=MIN_LENGTH, most=MAX_LENGTH),
            )
        )
    if any(c.isspace() or unicodedata.category(c).startswith("C") for c in password):
        broken.append(
            BrokenRule("password_blank", _("Leave out blanks and characters that do not print."))
        )
    barred = sorted({c for c in password if c in BARRED})
    if barred:
        broken.append(
            BrokenRule(
                "password_barred",
                _("These characters cannot be used: {characters}").format(
                    characters=" ".join(BARRED)
                ),
            )
        )
    if len({_kind(c) for c in password}) < max(least_kinds, MIN_KINDS):
        text = (
            _("Use at least two of: upper case, lower case, digits, symbols."),
            _("Use at least three of: upper case, lower case, digits, symbols."),
            _("Use all of: upper case, lower case, digits, symbols."),
        )
        broken.append(BrokenRule("password_kinds", text[min(max(least_kinds, 2), 4) - 2]))
    if password and _is_common(password.lower(), user.lower()):
        broken.append(
            BrokenRule(
                "password_common",
                _("This is one of the first passwords an attacker tries. Choose another."),
            )
        )
    return broken


def _kind(character: str) -> str:
    if character.isupper():
        return "upper"
    if character.islower():
        return "lower"
    return "digit" if character.isdigit() else "symbol"


def _is_common(password: str, user: str) -> bool:
    """Whether little is left once well-known words, runs of keys and repeats are taken out."""
    if len(set(password)) < _RUN_LENGTH or _repeats(password):
        return True
    return any(
        _own_part(form, user) < _RUN_LENGTH for form in (password, password.translate(_LEET))
    )


def _repeats(password: str) -> bool:
    """Whether it is one short piece over and over."""
    length = (password + password).find(password, 1)
    return length < min(len(password), MIN_LENGTH)


def _own_part(password: str, user: str) -> int:
    """Return how many characters an attacker would not guess: letters count, tails do not."""
    rest = password
    words = sorted({*_COMMON_WORDS, user} - {""}, key=len, reverse=True)
    known = False
    for word in words:
        if len(word) >= 3 and word in rest:
            rest = rest.replace(word, "")
            known = True
    for run in (*_RUNS, *(run[::-1] for run in _RUNS)):
        for length in range(len(run), _RUN_LENGTH - 1, -1):
            for start in range(len(run) - length + 1):
                part = run[start : start + length]
                if part in rest:
                    rest = rest.replace(part, "")
                    known = True
    if not known:
        return len(password)
    return len(rest.strip("0123456789!?.,_-+*#@$%"))
