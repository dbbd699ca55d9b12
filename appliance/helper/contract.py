"""What every verb of the helper has in common: request, answer, error."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, SecretStr

from appliance.bus.errors import BusError


class HelperError(BusError):
    """A verb could not be done: `code` for programs, `text` for people, `fields` what was wrong.

    Codes of the helper itself: "helper.absent" (it does not run), "helper.busy" (too much at once),
    "helper.refused" (unknown verb or wrong arguments), "helper.timeout" (over its time limit; it
    may be done in part), "helper.cut_off" (the helper died meanwhile; it may be done in part),
    "helper.failed" (it broke inside, or a program did; its log says why).
    """


class Answer(BaseModel):
    """Base of what a verb answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Done(Answer):
    """It is done; there is nothing to tell."""


A = TypeVar("A", bound=Answer)


class Request(BaseModel, Generic[A]):
    """Base of what a verb is asked; `class SwitchOff(Request[Done])`.

    `verb` is "domain.what".  `timeout_s`: longest time it may take in the helper.  `alone`: no
    other verb of its domain that is `alone` runs meanwhile; false for those that only read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    verb: ClassVar[str] = ""
    timeout_s: ClassVar[float] = 10.0
    alone: ClassVar[bool] = True

    def shown(self) -> str:
        """Return what of it may stand in the log: no secrets."""
        return ""


SecretText = Annotated[
    SecretStr, PlainSerializer(lambda secret: secret.get_secret_value(), when_used="json")
]
"""A secret in a request: in clear on the helper's socket only, in no log and no error."""


def answer_type(request: type[Request[Any]]) -> type[Answer]:
    """Return what a request is answered with; raise TypeError where the class does not say."""
    for base in request.__mro__:
        arguments = getattr(base, "__pydantic_generic_metadata__", {}).get("args") or ()
        if arguments and isinstance(arguments[0], type) and issubclass(arguments[0], Answer):
            return arguments[0]
    raise TypeError(f"{request.__name__} does not say what it is answered with")
