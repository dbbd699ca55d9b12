"""The OpenAPI description, generated from the routes and their models."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from appliance.accounts.permission import Permission
from appliance.version import VERSION
from appliance.web.cookies import PLAIN_NAME, SECURE_NAME
from appliance.web.guard import CSRF_HEADER
from appliance.web.routing import SAFE_METHODS, Route, canonical_path

PREFIX = "/api/"
_REF = "#/components/schemas/{model}"
_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["code", "text", "fields"],
    "properties": {
        "code": {"type": "string", "description": "Stable, for programs."},
        "text": {"type": "string", "description": "What happened and what to do, for people."},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "code", "text"],
                "properties": {name: {"type": "string"} for name in ("path", "code", "text")},
            },
        },
    },
}


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes below /api/."""
    shown = [route for route in routes if route.path.startswith(PREFIX)]
    schemas, models = _schemas(shown)
    paths: dict[str, dict[str, Any]] = {}
    for route in shown:
        path = paths.setdefault(canonical_path(route.path), {})
        path[route.method.lower()] = _operation(route, models)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Video recorder",
            "version": VERSION,
            "description": (
                "Sign in with POST /api/v1/login; keep the cookie, and send `csrf` of the answer "
                f"as {CSRF_HEADER} with every request that changes something. Times are "
                "milliseconds since 1970 (UTC) unless named otherwise."
            ),
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**schemas, "Error": _ERROR},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": SECURE_NAME,
                            "description": f"Over plain HTTP on loopback: {PLAIN_NAME}"},
            },
        },
    }  # fmt: skip


def _schemas(
    routes: Iterable[Route],
) -> tuple[dict[str, Any], dict[type[BaseModel], dict[str, Any]]]:
    wanted: dict[type[BaseModel], None] = {}
    for route in routes:
        for model in (route.body, route.answer):
            if model is not None:
                wanted[model] = None
    mapping, definitions = models_json_schema(
        [(model, "validation") for model in wanted], ref_template=_REF
    )
    references: dict[type[BaseModel], dict[str, Any]] = {}
    for model in wanted:
        references[model] = dict(mapping[model, "validation"])
    schemas = {name: _plain(part) for name, part in definitions.get("$defs", {}).items()}
    return schemas, references


def _plain(schema: Any) -> Any:
    """Leave out what only our forms read, and defaults that say nothing."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _plain(part)
        for name, part in schema.items()
        if not (name == "nvr" and isinstance(part, dict) and "widget" in part)
        and not (name == "default" and part is None)
        and not (name == "description" and part == "")
    }


def _operation(route: Route, models: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "tags": [route.tag],
        "operationId": _operation_id(route),
        "x-permission": route.permission.value,
        "responses": _responses(route, models),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{([a-z_]+)", route.path)
    ]
    if route.query is not None:
        parameters += _query_parameters(route.query)
    if route.permission is not Permission.PUBLIC:
        operation["security"] = [{"session": []}]
        if route.method not in SAFE_METHODS:
            parameters.append(
                {"name": CSRF_HEADER, "in": "header", "required": True,
                 "schema": {"type": "string"}}
            )  # fmt: skip
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": models[route.body]}},
        }
    return operation


def _responses(route: Route, models: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": route.summary or "Done"}
    if route.answer is not None:
        schema: dict[str, Any] = models[route.answer]
        if route.answer_list:
            schema = {"type": "array", "items": schema}
        good["content"] = {"application/json": {"schema": schema}}
    elif route.status == 200:
        good["content"] = {route.answer_type: {}}
    codes = ", ".join(route.errors)
    bad = {
        "description": f"Codes: {codes}" if codes else "An error",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    return {str(route.status): good, "default": bad}


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=_REF)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "style": "form",
            "explode": False,
            "schema": {k: v for k, v in part.items() if k != "title"},
        }
        for name, part in schema.get("properties", {}).items()
    ]


def _operation_id(route: Route) -> str:
    words = re.findall(r"[a-z_]+", route.path.removeprefix("/api/v1"))
    return "_".join([route.method.lower(), *words])
