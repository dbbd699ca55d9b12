"""The pages there are, in the order of the menu."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from appliance.settings.declare import Page

MODULES = (
    "appliance.settings.pages.general",
    "appliance.settings.pages.holidays",
    "appliance.settings.pages.channels",
    "appliance.settings.pages.poe",
    "appliance.settings.pages.ptz",
    "appliance.settings.pages.record",
    "appliance.settings.pages.alarm_inputs",
    "appliance.settings.pages.alarm_outputs",
    "appliance.settings.pages.storage",
    "appliance.network.page",
    "appliance.settings.pages.web",
    "appliance.settings.pages.lockout",
    "appliance.settings.pages.passwords",
    "appliance.services.page",
    "appliance.firewall.page",
    "appliance.certificates.page",
    "appliance.settings.pages.display",
    "appliance.settings.pages.serial",
    "appliance.settings.pages.panel",
    "appliance.settings.pages.restart",
    "appliance.settings.pages.health",
    "appliance.timekeeping.page",
    "appliance.settings.pages.log_server",
)
"""Modules that declare pages, wherever their domain lives.

They are named, not imported as such: domains lie above the settings.  Such a module needs nothing
but `appliance.settings.declare` and the values beside it, for the supervisor loads all of them.
"""


def _declared() -> Iterator[type[Page]]:
    for name in MODULES:
        for value in vars(importlib.import_module(name)).values():
            own = isinstance(value, type) and issubclass(value, Page) and value is not Page
            if own and value.__module__ == name:
                yield value


PAGES: Mapping[str, type[Page]] = {page.spec.name: page for page in _declared()}
"""Page models by name."""
