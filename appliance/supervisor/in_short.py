"""Many sentences in what one event holds."""

from __future__ import annotations

from appliance.text import _

MISTAKES_CHARACTERS = 1_800


def in_short(sentences: list[str]) -> str:
    """Join as many sentences as an event holds; the log has them all."""
    told: list[str] = []
    for number, sentence in enumerate(sentences):
        if told and sum(map(len, told)) + number + len(sentence) > MISTAKES_CHARACTERS:
            rest = _("The log names {count} more.").format(count=len(sentences) - number)
            return " ".join([*told, rest])
        told.append(sentence)
    return " ".join(told)
