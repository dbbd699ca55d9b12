"""The OpenAPI description."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from appliance.accounts.permission import Permission
from appliance.web.app import modules, registry
from appliance.web.describe import text
from appliance.web.openapi import PREFIX, describe

FILE = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"


def test_the_file_in_the_reference_is_up_to_date() -> None:
    command = "python -m appliance.web.describe docs/reference/openapi.json"
    assert FILE.read_text(encoding="utf-8") == text(), f"run: {command}"


def test_every_route_of_the_api_is_described_with_its_permission() -> None:
    routes = [route for route in registry(modules()) if route.path.startswith(PREFIX)]
    paths = describe(routes)["paths"]
    described = {
        (method.upper(), path): operation
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert len(described) == len(routes)
    for route in routes:
        operation = next(
            o for (m, p), o in described.items()
            if m == route.method and p.split(":")[0].split("{")[0] == route.path.split("{")[0]
            and p.count("/") == route.path.count("/") and o["summary"] == route.summary
        )  # fmt: skip
        assert operation["x-permission"] == route.permission.value
        assert route.summary
        assert ("security" in operation) is (route.permission is not Permission.PUBLIC)


def test_every_reference_leads_somewhere() -> None:
    document = describe(registry(modules()))
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                found.append(value["$ref"])
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    walk(document)
    assert found
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(found) <= known


def test_the_guide_names_only_addresses_that_there_are() -> None:
    guide = (FILE.parents[1] / "guide" / "integrator.md").read_text(encoding="utf-8")
    known = {path.removeprefix("/api/v1") for path in describe(registry(modules()))["paths"]}
    known |= {path.replace("/channels", "/{page}") for path in known}
    named = re.findall(r"`(?:(?:GET|POST|PATCH|DELETE|WS)[/A-Z]*) (/[^ `?]*)", guide)
    assert len(named) > 10
    assert set(named) <= known


def test_operation_ids_are_unique() -> None:
    ids = [
        operation["operationId"]
        for operations in describe(registry(modules()))["paths"].values()
        for operation in operations.values()
    ]
    assert len(ids) == len(set(ids))


async def test_the_server_describes_itself(page: Any) -> None:
    status, document = await page.ask("GET", "/api/v1/openapi.json")
    assert status == 200
    assert "/api/v1/login" in document["paths"]
