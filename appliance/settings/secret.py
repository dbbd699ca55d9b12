"""Secret values: clear only on their way in, sealed in the document, never on their way out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

SEALED = "$sealed"
"""Key of a sealed secret in the document: {"$sealed": text}."""

MAX_SECRET_CHARACTERS = 256
MAX_SECRET_TEXT_CHARACTERS = 16_384


def is_sealed(value: Any) -> bool:
    """Whether `value` is a sealed secret as the document holds it."""
    return isinstance(value, dict) and value.keys() == {SEALED} and isinstance(value[SEALED], str)


def masked(value: Any) -> dict[str, bool]:
    """Return what is told of a secret: whether there is one."""
    return {"set": bool(value)}


def _text(value: Any, longest: int) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "not a text")
    if len(value) > longest:
        raise PydanticCustomError("string_too_long", "too long", {"max_length": longest})
    return value


def check_secret(value: Any) -> Any:
    """Return a secret as it may be stored; raise PydanticCustomError."""
    if is_sealed(value):
        return value
    if any(ord(character) < 32 for character in _text(value, MAX_SECRET_CHARACTERS)):
        raise PydanticCustomError("control_character", "holds a control character")
    return value


Secret = Annotated[Any, PlainValidator(check_secret)]
"""Type of a secret field: a text on its way in, {"$sealed": ...} in the document."""


def _check_lines(value: Any) -> Any:
    return value if is_sealed(value) else _text(value, MAX_SECRET_TEXT_CHARACTERS)


SecretText = Annotated[Any, PlainValidator(_check_lines)]
"""Type of a secret of many lines, such as a private key as PEM."""
