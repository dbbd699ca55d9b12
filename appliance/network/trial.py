"""A change that may cut the person off who makes it: it holds only once it is confirmed.

    open -> applied -> kept        confirmed in time, from the new address
                    -> taken back  nobody confirmed, or somebody said so
         -> failed                 it could not be applied; nothing has changed

The host undoes it by itself a little later (NetworkManager's checkpoint), should this process die;
the note in the file lets the next one put the settings back that belong to it.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from appliance.network.host import NetworkError, NetworkHost
from appliance.network.plan import Plan
from appliance.settings.files import make_folder, write_atomically

CONFIRM_S = 60.0
"""How long a person has to reach the recorder at its new address."""
HOST_MARGIN_S = 10
"""So much later the host takes it back by itself."""

Phase = Literal["open", "applied"]


@dataclass(slots=True)
class Trial:
    """One change being tried.  `before`: the settings to go back to; `token` confirms it once."""

    token: str
    actor: str
    before: Mapping[str, Any]
    until_s: float
    phase: Phase = "open"
    handle: str = ""


class TrialDesk:
    """At most one trial at a time.  `clock` is monotonic, in seconds."""

    def __init__(self, host: NetworkHost, note: Path, clock: Callable[[], float]) -> None:
        self._host = host
        self._note = note
        self._clock = clock
        self.trial: Trial | None = None

    def open(self, before: Mapping[str, Any], actor: str) -> Trial:
        """Begin one; a further change while it lasts still goes back to the same settings."""
        if self.trial is None:
            until_s = self._clock() + CONFIRM_S
            self.trial = Trial(secrets.token_urlsafe(16), actor, dict(before), until_s)
        return self.trial

    @property
    def left_s(self) -> float:
        """Seconds until it is taken back, 0 where there is none."""
        return 0.0 if self.trial is None else max(0.0, self.trial.until_s - self._clock())

    async def apply(self, plan: Plan) -> None:
        """Apply the plan of the open trial; the time to confirm starts.  Raise NetworkError."""
        trial = self.trial
        assert trial is not None
        trial.handle = await self._host.apply(plan, int(CONFIRM_S) + HOST_MARGIN_S)
        trial.phase, trial.until_s = "applied", self._clock() + CONFIRM_S

    def write_note(self) -> None:
        """Note what to go back to, before anything is applied.  Blocks.  Raise OSError."""
        if self.trial is not None:
            make_folder(self._note.parent)
            write_atomically(self._note, json.dumps({"before": self.trial.before}).encode())

    def left_over(self) -> Mapping[str, Any] | None:
        """Return the settings that a trial of a former process has to go back to.  Blocks."""
        try:
            before = json.loads(self._note.read_bytes())["before"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return before if isinstance(before, dict) else None

    def forget_note(self) -> None:
        """Take the note away: the settings are what holds.  Blocks."""
        self._note.unlink(missing_ok=True)

    def fits(self, token: str) -> bool:
        """Whether a token is that of the trial."""
        return self.trial is not None and hmac.compare_digest(
            self.trial.token.encode(), token.encode()
        )

    async def keep(self) -> Trial | None:
        """Let it hold.  Raise NetworkError where the host has taken it back."""
        trial = self.trial
        if trial is not None and trial.phase == "applied":
            await self._host.keep(trial.handle)
            self.trial = None
        return trial

    async def take_back(self) -> Trial | None:
        """Undo it; the settings are the caller's to put back.  Never raises for the host's sake."""
        trial, self.trial = self.trial, None
        if trial is not None and trial.handle:
            try:
                await self._host.revert(trial.handle)
            except NetworkError as error:
                if error.code != "network.no_trial":
                    raise
        return trial
