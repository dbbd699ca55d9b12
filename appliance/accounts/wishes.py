"""Reading what is wanted of a user, a group or an ONVIF user; every wrong field is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from appliance.accounts.core import (
    AccountCore,
    Actor,
    field_error,
    read_actor,
    read_text,
    refuse,
    stale,
)
from appliance.accounts.names import name_errors
from appliance.accounts.rights import Rights, beyond, read_rights
from appliance.bus.errors import BusError
from appliance.text import _

MAX_REMARKS = 200


class Record(Protocol):
    """What is kept by name, and changed by several people."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def revision(self) -> int:
        """Rises with each change."""


T = TypeVar("T", bound=Record)


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of record: its fields, how many there may be, and what is said of it.

    `full` holds {most}.
    """

    fields: frozenset[str]
    most: int
    full: str
    unknown: str


@dataclass(frozen=True, slots=True)
class Wish(Generic[T]):
    """What is wanted: by whom, of which record (None: of a new one), and what is wrong so far."""

    by: Actor
    name: str
    before: T | None
    values: dict[str, Any]
    wrong: list[dict[str, str]]


def read_wish(params: Mapping[str, Any], sort: Sort, there: Mapping[str, T]) -> Wish[T]:
    """Read {by, name, create, revision?, values}.

    Raises BusError where there is no room for a new record, or none to change any more, or where
    somebody else was first.
    """
    by, name = read_actor(params), read_text(params, "name", 256)
    if params.get("create"):
        if len(there) >= sort.most:
            raise BusError("accounts.full", sort.full.format(most=sort.most))
        before, wrong = None, new_name_errors(name, there)
    else:
        before, wrong = existing(params, sort, there), []
    values = read_values(params, sort.fields)
    wrong += text_errors(values, "remarks", MAX_REMARKS)
    return Wish(by, name, before, values, wrong)


def existing(params: Mapping[str, Any], sort: Sort, there: Mapping[str, T]) -> T:
    """Return the record `name`, as it was when it was read where a `revision` is named.

    Raises BusError.
    """
    record = there.get(read_text(params, "name", 256))
    if record is None:
        raise BusError("accounts.unknown", sort.unknown)
    wanted = params.get("revision")
    if wanted is not None and wanted != record.revision:
        raise stale()
    return record


def wanted_rights(
    core: AccountCore, values: Mapping[str, Any], before: Rights | None
) -> tuple[Rights | None, list[dict[str, str]]]:
    """Return the rights in `values`, else `before`; channels have to be there."""
    if "rights" not in values:
        return before, []
    try:
        rights = read_rights(values["rights"])
    except ValueError:
        text = _("Must name for each right all channels or a list of their numbers.")
        return before, [field_error("rights", "type", text)]
    if core.around.channels is None or rights is None:
        return rights, []
    known = set(core.around.channels())
    wrong = [
        field_error(
            f"rights.{permission.value}",
            "accounts.no_channel",
            _("There is no channel {channels} (any more).").format(channels=_words(gone)),
        )
        for permission, channels in sorted(rights.items())
        if channels is not None and (gone := channels - known)
    ]
    return rights, wrong


def beyond_actor(by: Actor, rights: Rights | None) -> list[dict[str, str]]:
    """Return an error for each right that `by` would give without having it."""
    text = _("You do not have this right yourself, so you cannot give it.")
    return [
        field_error(f"rights.{permission.value}", "accounts.beyond_own", text)
        for permission in beyond(rights, by.rights)
    ]


def new_name_errors(name: str, others: Iterable[str]) -> list[dict[str, str]]:
    """Return an error for each reason why `name` cannot be taken."""
    return [field_error("name", code, text) for code, text in name_errors(name, others)]


def read_values(params: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return the values of a change.  Raises BusError for fields there are not."""
    values = params.get("values", {})
    if not isinstance(values, dict):
        raise BusError("accounts.bad_request", "values is not an object")
    refuse(
        [
            field_error(str(name), "unknown", _("There is no such field."))
            for name in values
            if name not in known
        ]
    )
    return values


def text_errors(values: Mapping[str, Any], name: str, most: int) -> list[dict[str, str]]:
    """Return an error unless the field is one line of at most `most` characters."""
    value = values.get(name, "")
    if isinstance(value, str) and len(value) <= most and not any(map(_is_control, value)):
        return []
    text = _("Must be one line of at most {most} characters.").format(most=most)
    return [field_error(name, "text", text)]


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _words(channels: frozenset[int]) -> str:
    return ", ".join(f"D{channel}" for channel in sorted(channels))
