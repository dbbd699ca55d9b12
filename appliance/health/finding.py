"""One thing that a check found, in words, with what it is about and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.bus.messages import Severity

MAX_KEY = 128
"""Keys of events are no longer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong.

    `code` is for programs; `text` says what, to what, and since when it matters; `todo` what to do.
    `what` is channel, volume, process, host, board, settings, account, network or log, and `id`
    which of them; `subject` tells apart findings of one code about one thing.  `channels` are all
    channels that `text` names, `plain` is the text without them (for who may not know of them).
    `level` info is an advice: it is shown, and nothing is wrong.  `told`: an event of its own tells
    of it already, so that none is raised; `event` names that one (kind, key) where it is known.
    `fixes` are slugs of fixups that may help.  `since` is ms UTC, None where only the keeper knows.
    """

    code: str
    level: Severity
    text: str
    what: str
    id: int | str | None = None
    todo: str = ""
    since: int | None = None
    channels: tuple[int, ...] = ()
    plain: str = ""
    subject: str = ""
    told: bool = False
    event: tuple[str, str] | None = None
    fixes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return what stays while the finding lasts, whatever its words."""
        place = "" if self.id is None else str(self.id)
        return f"{self.what}/{self.code}/{place}/{self.subject}"[:MAX_KEY]
