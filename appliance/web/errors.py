"""Errors of the API: a stable code for programs, a text for people, the wrong fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: `path` is dotted ("password", "periods.3.start")."""

    path: str
    code: str
    text: str

    def as_json(self) -> dict[str, str]:
        """Return the object of the API."""
        return {"path": self.path, "code": self.code, "text": self.text}


class ApiError(Exception):
    """Raised by a handler, answered as {"code", "text", "fields"} with HTTP `status`."""

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        fields: Iterable[FieldError] = (),
        *,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.fields = tuple(fields)
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def as_json(self) -> dict[str, Any]:
        """Return the object of the API; `details` are further members beside the three."""
        return {
            **self.details,
            "code": self.code,
            "text": self.text,
            "fields": [field.as_json() for field in self.fields],
        }

    def response(self) -> web.Response:
        """Return the HTTP answer."""
        return web.json_response(self.as_json(), status=self.status, headers=self.headers)
