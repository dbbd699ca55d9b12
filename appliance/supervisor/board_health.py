"""What is wrong with the board, for the health of the box: its open events in words."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.bus.status_messages import HealthItem
from appliance.events.kinds import KINDS
from appliance.events.record import EventRecord
from appliance.supervisor.board_io_events import SOURCE as IO
from appliance.supervisor.board_poe_events import SOURCE as POE

SOURCES = frozenset({POE, IO})
NO_FAULT = frozenset({"alarm_input"})
"""What happens outside the box is an alarm, not a fault of the box."""
MOST = 16


def board_items(events: Iterable[EventRecord]) -> list[HealthItem]:
    """Return an item for each open warning or error of the board, at most MOST."""
    items: list[HealthItem] = []
    for event in events:
        kind = KINDS.get(event.kind)
        if kind is None or kind.severity == "info" or kind.slug in NO_FAULT:
            continue
        if event.source not in SOURCES:
            continue
        items.append(
            HealthItem(
                level=kind.severity,
                what="board",
                id=event.details.get("port"),
                code=event.kind,
                text=kind.sentence(event.details, event.channel),
                since=event.start_ms,
            )
        )
    return items[:MOST]
