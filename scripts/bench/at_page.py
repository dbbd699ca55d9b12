"""A browser at the page of a box: signed in, with what the page remembers set."""

from __future__ import annotations

import json
from typing import Any

from scripts.bench.box import PASSWORD, Box, web_session
from scripts.bench.chromium import Page

TILES = 16


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


async def sign_in(page: Page, box: Box, address: str = "") -> None:
    """Sign this browser in as the administrator, at `address` (plain HTTP by default)."""
    address = address or box.http
    async with web_session() as session:
        await box.sign_in(session, box.http)
    await page.go(address + "/")
    await page.until("document.readyState === 'complete'")
    body = json.dumps(json.dumps({"user": "admin", "password": PASSWORD}))
    status = await page.evaluate(
        "fetch('/api/v1/login', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        f" body: {body}}}).then((answer) => answer.status)"
    )
    if status != 200:
        raise RuntimeError(f"cannot sign in: {status}")
    await remember(page, "signedIn", True)


async def remember_wall(page: Page) -> None:
    """Let the page remember a wall of sixteen."""
    wall = {"layout": TILES, "places": list(range(1, TILES + 1)), "removed": [], "streams": {}}
    await remember(page, "wall", wall)


async def remember(page: Page, key: str, value: Any) -> None:
    """Set what the page remembers."""
    stored = json.dumps(json.dumps(value))
    await page.evaluate(f"localStorage.setItem('nvr.{key}', {stored})")
