"""Answers that are passed on from the bus as they are: one shape there, a model of it here."""

from __future__ import annotations

from typing import Any, get_type_hints

from pydantic import BaseModel, create_model


def model_of(shape: type, name: str) -> type[BaseModel]:
    """Return a model named `name` with the fields and the docstring of a TypedDict.

    For OpenAPI and for tests of conformance: nobody has to write a shape twice.
    """
    fields: dict[str, Any] = {key: (kind, ...) for key, kind in get_type_hints(shape).items()}
    model: type[BaseModel] = create_model(name, __doc__=shape.__doc__, **fields)
    return model
