"""Entries of the page TCP/IP and a simulated computer to apply them to."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.network.page import NetworkPage
from appliance.network.page_interface import Interface


def fixed(name: str, address: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "ipv4": "manual", "address": address, **more}


@pytest.fixture
def page() -> Any:
    """Return a maker of page values: entries, then the page's own fields."""

    def make(*entries: dict[str, Any], **own: Any) -> dict[str, Any]:
        items = [Interface(**entry) for entry in entries]
        return NetworkPage(items=items, **own).model_dump()

    return make
