"""USB sticks and other places that have no room for the next export."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

LITTLE_SHARE = 0.03
LITTLE_BYTES = 200_000_000


class PlacesFull(Check):
    """Fires for each with less than 3 % and less than 200 MB, but not for one that is read-only."""

    slug = "places_full"
    title = _("USB stick full")
    interval_s = 10.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the places."""
        for place in facts.places:
            little = place.free < LITTLE_BYTES and place.free < place.total * LITTLE_SHARE
            if not place.writable or not place.total or not little:
                continue
            text = _("“{name}” is full: {free} MB are left.").format(
                name=place.name, free=place.free // 1_000_000
            )
            todo = _("Use another stick, or take files off it.")
            yield Finding("place_full", "info", text, "place", place.name, todo=todo)
