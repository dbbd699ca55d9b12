"""Runs the checks when they are due and keeps what they found, without flapping."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

_log = logging.getLogger(__name__)
RANK = {"error": 0, "warning": 1, "info": 2}
MOST_OF_A_CHECK = 64


@dataclass(slots=True)
class _Held:
    finding: Finding
    first_s: float
    last_s: float
    since: int
    shown: bool


class Ward:
    """The checks of one box."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self._looked_s: dict[str, float] = {}
        self._held: dict[str, dict[str, _Held]] = {check.slug: {} for check in checks}
        self._broken: set[str] = set()

    @property
    def checks(self) -> Sequence[Check]:
        """The checks, in their order."""
        return self._checks

    def turn(self, facts: Facts) -> list[Finding]:
        """Run what is due by `facts.now_s` and return what is wrong, the worst first."""
        for check in self._checks:
            last = self._looked_s.get(check.slug)
            if last is not None and facts.now_s - last < check.interval_s:
                continue
            self._looked_s[check.slug] = facts.now_s
            self._take(check, self._look(check, facts), facts)
        return self.findings()

    def findings(self) -> list[Finding]:
        """Return what was wrong at the last turn, the worst first, each with its `since`."""
        found = [
            held.finding
            if held.finding.since is not None
            else replace(held.finding, since=held.since)
            for check in self._checks
            for held in self._held[check.slug].values()
            if held.shown
        ]
        return sorted(found, key=lambda finding: RANK[finding.level])

    def of_check(self, key: str) -> str:
        """Return the slug of the check that found what has this key, "" if none did."""
        return next((slug for slug, held in self._held.items() if key in held), "")

    def _look(self, check: Check, facts: Facts) -> list[Finding]:
        """Return what a check found; one that breaks is told in the log and holds up no other."""
        try:
            found = list(check.look(facts))[:MOST_OF_A_CHECK]
        except Exception:  # noqa: BLE001 - a check that breaks must not hide what others find
            if check.slug not in self._broken:
                _log.exception("The check %s broke; the others go on", check.slug)
            self._broken.add(check.slug)
            text = _("The check “{title}” cannot be made; the log says why.")
            return [
                Finding("check_broken", "warning", text.format(title=check.title), "health",
                        check.slug)
            ]  # fmt: skip
        self._broken.discard(check.slug)
        return found

    def _take(self, check: Check, found: Iterable[Finding], facts: Facts) -> None:
        held, now_s = self._held[check.slug], facts.now_s
        for finding in found:
            known = held.get(finding.key)
            if known is None:
                known = held[finding.key] = _Held(finding, now_s, now_s, facts.now, shown=False)
            known.finding, known.last_s = finding, now_s
            if not known.shown and now_s - known.first_s >= check.raise_s:
                known.shown = True
        for key, entry in list(held.items()):
            away = entry.last_s != now_s
            if away and (not entry.shown or now_s - entry.last_s >= check.clear_s):
                del held[key]
