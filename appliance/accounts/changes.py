"""What a change of an account or group changed, in words: each value before and after.

Of what proves somebody (passwords, hints, patterns, codes) only that it changed is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.accounts.model import Account, Group, OnvifUser, Token
from appliance.accounts.permission import Permission
from appliance.accounts.rights import Rights
from appliance.settings.edits import Edit
from appliance.text import _

TITLES: Mapping[Permission, str] = {
    Permission.LIVE: _("Live"),
    Permission.PLAYBACK: _("Playback"),
    Permission.DOWNLOAD: _("Export"),
    Permission.LOCK: _("Keep footage"),
    Permission.TAG: _("Tags"),
    Permission.PTZ: _("Move cameras"),
    Permission.TALK: _("Talk"),
    Permission.RECORD: _("Record by hand"),
    Permission.EVENTS: _("Events"),
    Permission.OUTPUTS: _("Outputs"),
    Permission.STATUS: _("Health"),
    Permission.CAMERAS: _("Cameras"),
    Permission.STORAGE: _("Storage"),
    Permission.NETWORK: _("Network"),
    Permission.SYSTEM: _("System"),
    Permission.LOGS: _("Log"),
    Permission.ACCOUNTS: _("Accounts"),
    Permission.MAINTAIN: _("Maintain"),
    Permission.CAPTURE: _("Capture packets"),
    Permission.SHUTDOWN: _("Restart and switch off"),
}
_DAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
    "saturday": _("Saturday"),
    "sunday": _("Sunday"),
}


def account_changes(before: Account | None, after: Account) -> list[str]:
    """Return what is new; of a new account what it has."""
    old = before or Account(after.name, "", group="")
    changes = [_("added")] if before is None else []
    changes += _edit(_("Group"), old.group, after.group)
    changes += right_changes(old.rights, after.rights, _("all of the group"))
    changes += _edit(_("Login period"), week_words(old.period), week_words(after.period))
    changes += _edit(_("Network card"), old.mac or _("any"), after.mac or _("any"))
    changes += _edit(_("Remarks"), old.remarks or _("none"), after.remarks or _("none"))
    if old.hint != after.hint:
        changes.append(Edit(None, _("Hint"), "", "").words())
    return changes


def proof_changes(before: Account, after: Account) -> list[str]:
    """Return that what proves an account is new, and what went along with it."""
    changes = []
    if before.hash != after.hash:
        changes.append(Edit(None, _("Password"), "", "").words())
    factors = [_("off") if account.factor is None else _("on") for account in (before, after)]
    changes += _edit(_("Second factor"), *factors)
    if before.pattern != after.pattern:
        changes.append(
            Edit(None, _("Unlock pattern"), "", "").words()
            if after.pattern
            else _("Unlock pattern: removed")
        )
    return changes


def group_changes(before: Group | None, after: Group) -> list[str]:
    """Return what is new; of a new group what it has."""
    old = before or Group(after.name, {})
    changes = [_("added")] if before is None else []
    changes += right_changes(old.rights, after.rights, _("everything"))
    changes += _edit(_("Second factor"), _demand(old.factor), _demand(after.factor))
    changes += _edit(_("Remarks"), old.remarks or _("none"), after.remarks or _("none"))
    return changes


def onvif_changes(before: OnvifUser | None, after: OnvifUser) -> list[str]:
    """Return what is new of an ONVIF user; of a new one what it has."""
    changes = [_("added")] if before is None else []
    changes += _edit(_("Level"), before.level if before else "", after.level)
    old = before.remarks if before else ""
    changes += _edit(_("Remarks"), old or _("none"), after.remarks or _("none"))
    if before is not None and before.password != after.password:
        changes.append(Edit(None, _("Password"), "", "").words())
    return changes


def token_words(token: Token) -> list[str]:
    """Return what a new API token may do."""
    made = _("API token made: {name}").format(name=token.name)
    return [made, *right_changes({}, token.rights, _("everything"))]


def right_changes(before: Rights | None, after: Rights | None, everything: str) -> list[str]:
    """Return each right with the channels it held on and holds on now; None is `everything`."""
    if before == after:
        return []
    if before is None or after is None:
        words = (_summary(before, everything), _summary(after, everything))
        return _edit(_("Rights"), *words)
    return [
        change
        for permission, title in TITLES.items()
        for change in _edit(title, _where(permission, before), _where(permission, after))
    ]


def week_words(period: Mapping[str, Any] | None) -> str:
    """Write a week of periods: "Monday 08:00-12:00 13:00-17:00, Tuesday 08:00-12:00"."""
    if period is None:
        return _("always")
    days = (
        (title, " ".join(f"{entry['start']}-{entry['end']}" for entry in period.get(day, ())))
        for day, title in _DAYS.items()
    )
    return ", ".join(f"{title} {times}" for title, times in days if times) or _("never")


def _edit(title: str, before: str, after: str) -> list[str]:
    return [] if before == after else [Edit(None, title, before, after).words()]


def _demand(needed: bool) -> str:
    return _("needed") if needed else _("not needed")


def _summary(rights: Rights | None, everything: str) -> str:
    if rights is None:
        return everything
    parts = (
        f"{title} {_where(permission, rights)}" if permission.per_channel else title
        for permission, title in TITLES.items()
        if permission in rights
    )
    return ", ".join(parts) or _("none")


def _where(permission: Permission, rights: Rights) -> str:
    """Write on which channels a right holds: "D1-D4, D7"."""
    if permission not in rights:
        return _("no")
    channels = rights[permission]
    if not permission.per_channel:
        return _("yes")
    return _("all channels") if channels is None else ", ".join(_runs(sorted(channels)))


def _runs(channels: Sequence[int]) -> list[str]:
    runs: list[list[int]] = []
    for channel in channels:
        if runs and runs[-1][-1] == channel - 1:
            runs[-1].append(channel)
        else:
            runs.append([channel])
    return [f"D{run[0]}-D{run[-1]}" if len(run) > 1 else f"D{run[0]}" for run in runs]
