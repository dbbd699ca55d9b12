"""Finds the domains and the simulated programs: a module is registered by being in its folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from appliance.helper import verbs
from appliance.helper.domain import Domain


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    """Yield the modules directly in a package, in the order of their names."""
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda entry: entry.name):
        if not found.name.startswith("_"):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


def load_domains() -> list[Domain]:
    """Return every domain; raise ValueError where two have one name."""
    domains: dict[str, Domain] = {}
    for module in modules_of(verbs):
        domain = getattr(module, "DOMAIN", None)
        if not isinstance(domain, Domain):
            continue
        if domain.name in domains:
            raise ValueError(f"there are two domains {domain.name}")
        domains[domain.name] = domain
    return list(domains.values())
