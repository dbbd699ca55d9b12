"""Groups: sets of rights within which those of their members lie (D2-AC-02).

Methods on the bus; `by` is who asks: {name, rights}.

- ``accounts.groups`` {by} -> {groups}
- ``accounts.put_group`` {by, name, create, revision?, values} -> group's record
- ``accounts.remove_group`` {by, name, revision?} -> {}
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance.accounts.changes import group_changes
from appliance.accounts.core import (
    AccountCore,
    Actor,
    Method,
    field_error,
    read_actor,
    refuse,
)
from appliance.accounts.model import ADMINS, Group
from appliance.accounts.rights import beyond, write_rights
from appliance.accounts.wishes import Sort, beyond_actor, existing, read_wish, wanted_rights
from appliance.bus.errors import BusError
from appliance.text import _

MAX_GROUPS = 32
SORT = Sort(
    frozenset({"rights", "remarks", "factor"}),
    MAX_GROUPS,
    _("There are {most} groups, no more can be added."),
    _("There is no such group (any more)."),
)
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
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            wish = read_wish(params, SORT, document.groups)
            by, before = wish.by, wish.before
            group = before or Group(wish.name, {}, revision=0)
            _check_rank(by, group)
            rights, wrong = wanted_rights(self._core, wish.values, group.rights)
            wrong = wish.wrong + (wrong or beyond_actor(by, rights))
            if group.name == ADMINS and rights is not None:
                text = _("The group admin always has every right.")
                wrong.append(field_error("rights", "accounts.fixed", text))
            factor = wish.values.get("factor", group.factor)
            wrong += self._factor_errors(by, group, factor)
            refuse(wrong)
            remarks = str(wish.values.get("remarks", group.remarks))
            group = replace(
                group,
                rights=rights,
                remarks=remarks,
                factor=factor,
                revision=group.revision + 1,
            )
            await self._core.replace(
                replace(document, groups={**document.groups, group.name: group})
            )
            self._core.note_change(by, group_changes(before, group), group=group.name)
        _log.info("%s %s the group %s", by.name, "changed" if before else "added", group.name)
        return self._group_record(group, by)

    async def remove_group(self, params: dict[str, Any]) -> dict[str, Any]:
        """Remove a group that nobody is in."""
        by = read_actor(params)
        async with self._core.writing:
            self._core.check_whole()
            document = self._core.document
            group = existing(params, SORT, document.groups)
            if group.fixed:
                raise BusError("accounts.fixed", _("The groups admin and user always stay."))
            members = document.members(group.name)
            if members:
                text = _("In this group: {names}. Move them to another group first.")
                raise BusError("accounts.in_use", text.format(names=", ".join(members)))
            _check_rank(by, group)
            groups = {n: g for n, g in document.groups.items() if n != group.name}
            await self._core.replace(replace(document, groups=groups))
            self._core.note_change(by, [_("removed")], group=group.name)
        _log.info("%s removed the group %s", by.name, group.name)
        return {}

    def _factor_errors(self, by: Actor, group: Group, factor: Any) -> list[dict[str, str]]:
        """Return why a second factor cannot be asked for: who asks for it has to have one.

        So whoever demands it of the own group knows that the own app works; nobody is shut out.
        """
        if not isinstance(factor, bool):
            return [field_error("factor", "type", _("Must be true or false."))]
        own = self._core.document.accounts.get(by.name)
        if group.factor or not factor or own is None or own.factor is not None:
            return []
        if own.group != group.name:
            return []
        text = _("You are in this group yourself. Set up your own second factor first.")
        return [field_error("factor", "accounts.own_factor_first", text)]

    def _group_record(self, group: Group, by: Actor) -> dict[str, Any]:
        return {
            "name": group.name,
            "rights": write_rights(group.rights),
            "remarks": group.remarks,
            "revision": group.revision,
            "factor": group.factor,
            "fixed": group.fixed,
            "within": not beyond(group.rights, by.rights),
            "members": self._core.document.members(group.name),
        }


def _check_rank(by: Actor, group: Group) -> None:
    if beyond(group.rights, by.rights):
        raise BusError("accounts.outranks", _("This group may do more than you may change."))
