"""Time for cameras stands among the services: the firewall opens its port with its switch."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.services.register import SERVICES, openings, wanted
from appliance.settings.registry import PAGES


@pytest.mark.parametrize("serve", [False, True])
def test_the_port_is_open_while_the_time_is_given(serve: bool) -> None:
    def read(page: str) -> Any:
        return {**PAGES[page]().model_dump(), "serve": serve}

    [ntp] = [service for service in SERVICES if service.slug == "ntp"]
    found = openings(wanted(read, [ntp]))
    assert [(opening.protocol, 123 in opening.ports) for opening in found] == [
        ("udp", True)
    ] * serve
