"""The register of everything that listens: nothing may that does not stand here."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.firewall.plan import Opening
from appliance.firewall.source import Ports
from appliance.services.declare import Read, Service

MODULES = ("appliance.services.own", "appliance.timekeeping.services")
"""Modules with ``SERVICES``, each where its service is at home."""


def _declared() -> Iterable[Service]:
    for name in MODULES:
        yield from importlib.import_module(name).SERVICES


SERVICES: tuple[Service, ...] = tuple(_declared())
"""All of them, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service as the settings want it now."""

    service: Service
    ports: Ports | None
    on: bool


def wanted(read: Read, services: Iterable[Service] = SERVICES) -> list[Wanted]:
    """Return every service with its ports and whether it is on."""
    found = [(service, service.ports(read)) for service in services]
    return [Wanted(s, ports, ports is not None and bool(s.on(read))) for s, ports in found]


def openings(found: Iterable[Wanted]) -> tuple[Opening, ...]:
    """Return what the firewall lets through: services that are on and not for the box alone."""
    return tuple(
        Opening(w.service.protocol, w.ports, w.service.title, w.service.reach == "cameras")
        for w in found
        if w.on and w.ports is not None and w.service.reach != "this_machine"
    )
