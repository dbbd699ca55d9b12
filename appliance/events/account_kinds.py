"""Kinds of events that tell what was done to accounts, groups, sessions and tokens."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def account_kinds() -> list[EventKind]:
    """Return the kinds; each has no end and its details say who, from where and how."""
    return [
        EventKind(
            "account_changed",
            _("Account changed"),
            "info",
            _("{actor} changed account {user}: {what} ({address}, {how})."),
            _("Who changed which account; passwords and codes are not shown."),
            has_end=False,
        ),
        EventKind(
            "group_changed",
            _("Group changed"),
            "info",
            _("{actor} changed the group {group}: {what} ({address}, {how})."),
            _("Who changed what the members of a group may do."),
            has_end=False,
        ),
        EventKind(
            "tokens_ended",
            _("API tokens ended"),
            "info",
            _("{count} API tokens of {user} ended with the old password: {names} ({actor})."),
            _("Programs that used them are refused. Make new tokens for those that still may."),
            has_end=False,
        ),
        EventKind(
            "accounts_reset",
            _("Accounts reset"),
            "warning",
            _("All accounts, groups and API tokens were removed by a reset."),
            _("The recorder waits for its first set-up with the one-time code."),
            has_end=False,
        ),
        EventKind(
            "accounts_restored",
            _("Accounts restored"),
            "warning",
            _("The file of accounts was damaged; its copy was taken."),
            _("Nothing is lost. If it happens again, the system disk may be failing."),
            has_end=False,
        ),
        EventKind(
            "session_ended",
            _("Session ended"),
            "info",
            _("{actor} signed out {user}, who had signed in from {whence} ({address})."),
            _("Who ended whose session."),
            has_end=False,
        ),
        EventKind(
            "user_blocked",
            _("User blocked"),
            "info",
            _("{actor} blocked {user} for {minutes} minutes ({address})."),
            _("Who kept whom out, for how long; 0 minutes let them in again."),
            has_end=False,
        ),
        EventKind(
            "password_reset",
            _("Lost password set anew"),
            "warning",
            _("The password of {user} was set anew from {address} ({how}), without the old one."),
            _("Somebody answered the questions or had the recovery file."),
            has_end=False,
        ),
    ]
