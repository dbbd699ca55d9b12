"""Secret values: clear only on their way in, sealed in the document, never on their way out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

SEALED = "$sealed"
"""Key of a sealed secret in the document: {"$sealed": text}."""

MAX_SECRET_CHARACTERS = 256


def is_sealed(value: Any) -> bool:
    """Whether `value` is a sealed secret as the document holds it."""
    return isinstance(value, dict) and value.keys() == {SEALED} and isinstance(value[SEALED], str)


def masked(value: Any) -> dict[str, bool]:
    """Return what is told of a secret: whether there is one."""
    return {"set": bool(value)}


def _check(value: Any) -> Any:
    if is_sealed(value):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "not a text")
    if len(value) > MAX_SECRET_CHARACTERS:
        raise PydanticCustomError(
            "string_too_long", "too long", {"max_length": MAX_SECRET_CHARACTERS}
        )
    if any(ord(character) < 32 for character in value):
        raise PydanticCustomError("control_character", "holds a control character")
    return value


Secret = Annotated[Any, PlainValidator(_check)]
"""Type of a secret field: a text on its way in, {"$sealed": ...} in the document."""
