"""Groups: sets of rights within which those of their members lie (D2-AC-02).

Methods on the bus; `by` is who asks: {name, rights}.

- ``accounts.groups`` {by} -> {groups}
- ``accounts.put_group`` {by, name, create, revision?, values} -> group's record
- ``accounts.remove_group`` {by, name} -> {}
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.accounts.core import (
    AccountCore,
    Actor,
    Method,
    field_error,
    read_actor,
    read_text,
    refuse,
)
from appliance.accounts.model import ADMINS, Group
from appliance.accounts.rights import beyond, write_rights
from appliance.accounts.wishes import (
    MAX_REMARKS,
    beyond_actor,
    check_revision,
    new_name_errors,
    read_values,
    text_errors,
    wanted_rights,
)
from appliance.bus.errors import BusError
from appliance.text import _

MAX_GROUPS = 32
GROUP_FIELDS = frozenset({"rights", "remarks"})
_log = logging.getLogger(__name__)


class GroupDesk:
    """Answers what concerns groups."""

    def __init__(self, core: AccountCore) -> None:
        self._core = core

    def methods(self) -> Mapping[str, Method]:
        """Return the methods by name."""
        return {
            "accounts.groups": self.groups,
            "accounts.put_group": self.put_group,
            "accounts.remove_group": self.remove_group,
        }

    async def groups(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return every group; `within` says whether the asker may change it."""
        by = read_actor(params)
        self._core.check_whole()
        groups = self._core.document.groups.values()
        return {"groups": [self._group_record(group, by) for group in groups]}

    async def put_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """Add or change a group; its members' rights stay within it from then on."""
        by, name = read_actor(params), read_text(params, "name", 256)
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            before = document.groups.get(name)
            wrong: list[dict[str, str]] = []
            if params.get("create"):
                wrong = new_name_errors(name, document.groups)
                if len(document.groups) >= MAX_GROUPS:
                    text = _("There are {most} groups, no more can be added.")
                    raise BusError("accounts.full", text.format(most=MAX_GROUPS))
                group = Group(name, {}, revision=0)
            elif before is None:
                raise BusError("accounts.unknown", _("There is no such group (any more)."))
            else:
                group = before
                check_revision(params, before.revision)
            _check_rank(by, group)
            values = read_values(params, GROUP_FIELDS)
            wrong += text_errors(values, "remarks", MAX_REMARKS)
            rights, more = wanted_rights(self._core, values, group.rights)
            wrong += more or beyond_actor(by, rights)
            if name == ADMINS and rights is not None:
                text = _("The group admin always has every right.")
                wrong.append(field_error("rights", "accounts.fixed", text))
            refuse(wrong)
            remarks = str(values.get("remarks", group.remarks))
            group = replace(group, rights=rights, remarks=remarks, revision=group.revision + 1)
            await self._core.replace(
                replace(document, groups={**document.groups, group.name: group})
            )
        _log.info("%s %s the group %s", by.name, "changed" if before else "added", name)
        return self._group_record(group, by)

    async def remove_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """Remove a group that nobody is in."""
        by, name = read_actor(params), read_text(params, "name", 256)
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            group = document.groups.get(name)
            if group is None:
                raise BusError("accounts.unknown", _("There is no such group (any more)."))
            if group.fixed:
                raise BusError("accounts.fixed", _("The groups admin and user always stay."))
            members = document.members(name)
            if members:
                text = _("In this group: {names}. Move them to another group first.")
                raise BusError("accounts.in_use", text.format(names=", ".join(members)))
            _check_rank(by, group)
            groups = {n: g for n, g in document.groups.items() if n != name}
            await self._core.replace(replace(document, groups=groups))
        _log.info("%s removed the group %s", by.name, name)
        return {}

    def _group_record(self, group: Group, by: Actor) -> dict[str, Any]:
        return {
            "name": group.name,
            "rights": write_rights(group.rights),
            "remarks": group.remarks,
            "revision": group.revision,
            "fixed": group.fixed,
            "within": not beyond(group.rights, by.rights),
            "members": self._core.document.members(group.name),
        }


def _check_rank(by: Actor, group: Group) -> None:
    if beyond(group.rights, by.rights):
        raise BusError("accounts.outranks", _("This group may do more than you may change."))
