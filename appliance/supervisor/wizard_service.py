"""The startup wizard over the bus.

    wizard.get {}                 {steps: [Step], at, finished, later}
    wizard.mark {step, state}     the same; state open, done or skipped
    wizard.show {step}            the same: this step is looked at now
    wizard.end {finished, later}  the same; both false begins it anew

A Step is {id, title, help, component, needed, state}.  Where the box can tell by itself whether
what a step asks for is there, its state says so, and a mark only that somebody went past it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.health.facts import Facts, SetupFacts
from appliance.settings.store import SettingsStore
from appliance.text import _
from appliance.wizard import progress as kept
from appliance.wizard.progress import MARKS, Progress
from appliance.wizard.register import steps
from appliance.wizard.step import Step, never

FACES = frozenset({"web", "gui"})
TIME = "time"


class WizardService:
    """`facts` returns what the steps look at."""

    def __init__(
        self, bus: BusServer, path: Path, settings: SettingsStore, facts: Callable[[], Facts]
    ) -> None:
        self._path = path
        self._settings = settings
        self._facts = facts
        self._steps = steps()
        self._progress = Progress()
        self._writing = asyncio.Lock()
        bus.handle("wizard.get", self._get, roles=FACES)
        bus.handle("wizard.mark", self._mark, roles=FACES)
        bus.handle("wizard.show", self._show, roles=FACES)
        bus.handle("wizard.end", self._end, roles=FACES)

    async def reset(self) -> None:
        """Begin anew: everything was brought back to how it was at first (D1-SR-01)."""
        await self._keep(lambda _now: Progress())

    async def start(self) -> None:
        """Read how far it was."""
        self._progress = await asyncio.to_thread(kept.read, self._path)

    def setup(self) -> SetupFacts:
        """Return what the checks of the health look at."""
        chosen = self._progress.marks.get(TIME) == "done"
        return SetupFacts(zone=self._settings.raw("general")["zone"], zone_chosen=chosen)

    def _answer(self) -> dict[str, Any]:
        facts = self._facts()
        return {
            "steps": [self._shown(step, facts) for step in self._steps if step.applies(facts)],
            "at": self._progress.at,
            "finished": self._progress.finished,
            "later": self._progress.later,
        }

    def _shown(self, step: Step, facts: Facts) -> dict[str, Any]:
        mark = self._progress.marks.get(step.id, "open")
        if step.done is not never:  # the box knows better than who went past the step
            mark = "done" if step.done(facts) else "open" if mark == "open" else "skipped"
        return {
            "id": step.id,
            "title": step.title,
            "help": step.help,
            "component": step.component,
            "needed": step.needed,
            "state": mark,
        }

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return self._answer()

    async def _mark(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        step, state = self._known(params), params.get("state")
        if state not in MARKS:
            raise BusError("wizard.bad_state", _("A step is open, done or skipped."))
        await self._keep(lambda now: now.marked(step, state))
        return self._answer()

    async def _show(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        step = self._known(params)
        await self._keep(lambda now: replace(now, at=step, finished=False, later=False))
        return self._answer()

    async def _end(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        finished, later = params.get("finished") is True, params.get("later") is True
        again = not finished and not later
        await self._keep(
            lambda now: (
                Progress()
                if again
                else replace(now, finished=finished, later=later and not finished)
            )
        )
        return self._answer()

    def _known(self, params: dict[str, Any]) -> str:
        step = params.get("step")
        if not isinstance(step, str) or step not in {known.id for known in self._steps}:
            raise BusError("wizard.no_step", _("There is no such step of the set-up."))
        return step

    async def _keep(self, change: Callable[[Progress], Progress]) -> None:
        async with self._writing:
            new = change(self._progress)
            if new == self._progress:
                return
            try:
                await asyncio.to_thread(kept.write, self._path, new)
            except OSError as error:
                text = _("How far the set-up is could not be stored: {why}.")
                why = error.strerror or str(error)
                raise BusError("wizard.not_saved", text.format(why=why)) from error
            self._progress = new
