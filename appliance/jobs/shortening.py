"""Results of jobs kept short: what a stick is called must not fill the bus or the book of jobs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

MOST_TEXT = 1000
"""Characters of the words a job ends with."""

MOST_RESULT = 32 << 10
"""Bytes of a result as JSON; beyond, its lists are left out."""

MOST_LIST = 700 << 10
"""Bytes of a list of jobs; a message on the bus has room for 1 MiB."""

_MOST_STRING = 1024
_MOST_ITEMS = 50
_SHORTEST = 200


def shortened(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result with strings and lists cut, and as text that can be written down."""
    short: dict[str, Any] = _cut(result)
    return short if len(json.dumps(short)) <= MOST_RESULT else _facts(short)


def fitting(shown: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return jobs as they are shown; behind what fits into a message, without details."""
    fit: list[dict[str, Any]] = []
    size = 0
    for job in shown:
        length = len(json.dumps(job, ensure_ascii=False).encode(errors="replace"))
        if size + length > MOST_LIST:
            job = {**job, "result": _facts(job["result"]), "text": job["text"][:_SHORTEST]}
            length = len(json.dumps(job, ensure_ascii=False).encode(errors="replace"))
        size += length
        fit.append(job)
    return fit


def _facts(result: dict[str, Any]) -> dict[str, Any]:
    """Return what is neither list nor document, in short."""
    return {
        name: value[:_SHORTEST] if isinstance(value, str) else value
        for name, value in result.items()
        if not isinstance(value, list | dict)
    }


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_MOST_STRING].encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_cut(str(name)): _cut(inner) for name, inner in list(value.items())[:_MOST_ITEMS]}
    if isinstance(value, list | tuple):
        return [_cut(inner) for inner in value[:_MOST_ITEMS]]
    return value
