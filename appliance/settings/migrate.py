"""Brings a document of an older version forward, one version at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SCHEMA = 1
"""Version of the document's shape that this code writes."""

Migration = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: Mapping[int, Migration] = {}
"""By the version they start from; each takes and returns the pages of a document."""


def migrate(
    pages: dict[str, Any],
    version: int,
    *,
    target: int = SCHEMA,
    migrations: Mapping[int, Migration] = MIGRATIONS,
) -> dict[str, Any]:
    """Return `pages` as version `target` has them; raise LookupError where a step is missing."""
    while version < target:
        step = migrations.get(version)
        if step is None:
            raise LookupError(f"no way from version {version} of the settings to {target}")
        pages = step(pages)
        version += 1
    return pages
