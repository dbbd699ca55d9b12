"""Every route of the media modules, and what they share."""

from __future__ import annotations

from appliance.web.media import download, snapshot, socket_route, timeline
from appliance.web.media.service import lifetime
from appliance.web.routing import Route

__all__ = ["lifetime", "routes"]


def routes() -> list[Route]:
    """Routes of all subjects."""
    return [
        *socket_route.routes(),
        *timeline.routes(),
        *snapshot.routes(),
        *download.routes(),
    ]
