"""What an account, a group and a token are, and how their document is written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.accounts.permission import User
from appliance.accounts.rights import (
    OPERATOR,
    VIEWER,
    Rights,
    beyond,
    common,
    read_rights,
    user_with,
    write_rights,
)
from appliance.settings.schedule import WeekSchedule

VERSION = 2
ADMIN = "admin"
"""The account of the first set-up and its group; the name is fixed (D1-IZ-02, D2-WB-04, N1.7)."""
ADMINS = "admin"
USERS = "user"
OPERATORS = "operator"
FIXED_GROUPS = frozenset({ADMINS, USERS})
"""Groups that cannot be deleted (D2-AC-02)."""


@dataclass(frozen=True, slots=True)
class Group:
    """A set of rights within which those of its members lie (D2-AC-02); None is everything.

    `factor`: whoever is in it needs a second factor.
    """

    name: str
    rights: Rights | None
    remarks: str = ""
    revision: int = 1
    factor: bool = False

    @property
    def fixed(self) -> bool:
        """Whether it always stays."""
        return self.name in FIXED_GROUPS


@dataclass(frozen=True, slots=True)
class Factor:
    """The second factor of an account: a sealed TOTP secret, and hashes of unused spare codes.

    `last` is the number of the last time step used (RFC 6238), which is not taken twice.
    """

    secret: str
    spare: tuple[str, ...] = ()
    last: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """One account (D2-AC-03).

    `hash` is an argon2id PHC string; `rights` None are all of its group.  `period` is a week as the
    settings write one, None for always.  `mac` binds to a network card ("" for none).  `generation`
    rises with what proves the account, `revision` with every change.  `pattern` is the hash of the
    unlock pattern of the local screen.  Times are UTC seconds since 1970.
    """

    name: str
    hash: str
    group: str = ADMINS
    rights: Rights | None = None
    remarks: str = ""
    period: Mapping[str, Any] | None = None
    mac: str = ""
    blocked_until_utc_s: int = 0
    generation: int = 1
    revision: int = 1
    changed_utc_s: int = 0
    hint: str = ""
    factor: Factor | None = None
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """An API token: `digest` is the SHA-256 of what its owner holds; rights within its owner's."""

    id: str
    user: str
    name: str
    digest: str
    rights: Rights | None
    created_utc_s: int
    expires_utc_s: int | None
    used_utc_s: int | None = None


@dataclass(frozen=True, slots=True)
class OnvifUser:
    """An account for other systems that speak ONVIF, and for nothing else (D2-AC-20).

    `password` is sealed: the digests of ONVIF are made of the password itself.  `level` is one of
    `appliance.accounts.onvif.LEVELS`.
    """

    name: str
    password: str
    level: str
    remarks: str = ""
    revision: int = 1
    changed_utc_s: int = 0


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a lost password of `admin` is set anew (D2-AC-10).

    `answers` is the argon2id hash of all answers together, `key` the SHA-256 of the key in the
    recovery file; "" where there is none.
    """

    enabled: bool = True
    questions: tuple[str, ...] = ()
    answers: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """Everything about accounts; replaced as a whole with each change."""

    groups: Mapping[str, Group] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    tokens: Mapping[str, Token] = field(default_factory=dict)
    recovery: Recovery = field(default_factory=Recovery)
    onvif: Mapping[str, OnvifUser] = field(default_factory=dict)

    def user(self, account: Account) -> User:
        """Return what the deciding function needs to know of `account`.

        Who still has to set up a second factor may do nothing before.
        """
        if self.needs_factor(account) and account.factor is None:
            return replace(user_with(account.name, {}, account.generation), enrol=True)
        return user_with(account.name, self.rights(account), account.generation)

    def needs_factor(self, account: Account) -> bool:
        """Whether the group of `account` asks for a second factor."""
        group = self.groups.get(account.group)
        return group is not None and group.factor

    def rights(self, account: Account) -> Rights | None:
        """Return the rights in force: those of the account within those of its group."""
        group = self.groups.get(account.group)
        return common(account.rights, group.rights) if group else {}

    def members(self, group: str) -> list[str]:
        """Return who is in `group`, by name."""
        return sorted(a.name for a in self.accounts.values() if a.group == group)


def first_groups() -> dict[str, Group]:
    """Return the groups of a new box (D2-AC-02, N13.11)."""
    groups = (Group(ADMINS, None), Group(OPERATORS, OPERATOR), Group(USERS, VIEWER))
    return {group.name: group for group in groups}


def encode(document: Document) -> bytes:
    """Return the file of `document`."""
    value = {
        "version": VERSION,
        "groups": [_group_json(group) for group in document.groups.values()],
        "users": [_account_json(account) for account in document.accounts.values()],
        "tokens": [_token_json(token) for token in document.tokens.values()],
        "recovery": {
            "enabled": document.recovery.enabled,
            "questions": list(document.recovery.questions),
            "answers": document.recovery.answers,
            "key": document.recovery.key,
        },
        "onvif": [_onvif_json(user) for user in document.onvif.values()],
    }
    return json.dumps(value, indent=1).encode()


def decode(data: bytes) -> Document:
    """Return the document of a file of this or an earlier version.  Raises ValueError."""
    value = json.loads(data)
    version = value.get("version") if isinstance(value, dict) else None
    if version == 1:
        value = _from_1(value)
    elif version != VERSION:
        raise ValueError(f"not a document of version 1 to {VERSION}")
    try:
        groups = [_group(entry) for entry in value["groups"]]
        accounts = [_account(entry) for entry in value["users"]]
        tokens = [_token(entry) for entry in value["tokens"]]
        recovery = _recovery(value["recovery"])
        onvif = [_onvif(entry) for entry in value.get("onvif", [])]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a document of accounts: {error}") from error
    if not accounts:
        raise ValueError("no list of users")
    return mended(
        Document(
            {group.name: group for group in groups},
            {account.name: account for account in accounts},
            {token.id: token for token in tokens},
            recovery,
            {user.name: user for user in onvif},
        )
    )


def mended(document: Document) -> Document:
    """Return `document` so that it holds together: fixed groups there, nobody in no group.

    Whoever is in a group that is gone keeps the account, without rights, in the group of users.
    """
    groups = {**first_groups(), **document.groups}
    if OPERATORS not in document.groups and document.groups:
        del groups[OPERATORS]
    groups[ADMINS] = replace(groups[ADMINS], rights=None)
    accounts = {
        name: account if account.group in groups else replace(account, group=USERS, rights={})
        for name, account in document.accounts.items()
    }
    tokens = {key: token for key, token in document.tokens.items() if token.user in accounts}
    return replace(document, groups=groups, accounts=accounts, tokens=tokens)


def _from_1(value: dict[str, Any]) -> dict[str, Any]:
    """Bring a document of version 1 forward: rights were one list of permissions and channels."""
    groups = first_groups()
    users = []
    try:
        for old in value["users"]:
            entry = {key: old[key] for key in ("name", "hash", "generation", "changed_utc_s")} | {
                "revision": old["generation"],
                "group": ADMINS,
                "rights": "*",
            }
            if old["permissions"] != "*":
                channels = "*" if old["channels"] is None else list(old["channels"])
                entry["rights"] = dict.fromkeys(old["permissions"], channels)
                rights = read_rights(entry["rights"])
                fits = (n for n in (USERS, OPERATORS) if not beyond(rights, groups[n].rights))
                entry["group"] = next(fits, ADMINS)
            users.append(entry)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an account: {error}") from error
    return {
        "groups": [_group_json(group) for group in groups.values()],
        "users": users,
        "tokens": [],
        "recovery": {},
    }


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "rights": write_rights(group.rights),
        "remarks": group.remarks,
        "revision": group.revision,
        "factor": group.factor,
    }


def _group(entry: Any) -> Group:
    return Group(
        name=str(entry["name"]),
        rights=read_rights(entry["rights"]),
        remarks=str(entry.get("remarks", "")),
        revision=int(entry.get("revision", 1)),
        factor=bool(entry.get("factor", False)),
    )


def _account_json(account: Account) -> dict[str, Any]:
    factor = account.factor
    return {
        "name": account.name,
        "hash": account.hash,
        "group": account.group,
        "rights": write_rights(account.rights),
        "remarks": account.remarks,
        "period": account.period,
        "mac": account.mac,
        "blocked_until_utc_s": account.blocked_until_utc_s,
        "generation": account.generation,
        "revision": account.revision,
        "changed_utc_s": account.changed_utc_s,
        "hint": account.hint,
        "pattern": account.pattern,
        "factor": None
        if factor is None
        else {"secret": factor.secret, "spare": list(factor.spare), "last": factor.last},
    }


def _account(entry: Any) -> Account:
    factor, period = entry.get("factor"), entry.get("period")
    if period is not None:
        WeekSchedule.from_values(period)
    return Account(
        name=str(entry["name"]),
        hash=str(entry["hash"]),
        group=str(entry["group"]),
        rights=read_rights(entry["rights"]),
        remarks=str(entry.get("remarks", "")),
        period=period,
        mac=str(entry.get("mac", "")),
        blocked_until_utc_s=int(entry.get("blocked_until_utc_s", 0)),
        generation=int(entry["generation"]),
        revision=int(entry["revision"]),
        changed_utc_s=int(entry["changed_utc_s"]),
        hint=str(entry.get("hint", "")),
        pattern=str(entry.get("pattern", "")),
        factor=None
        if factor is None
        else Factor(str(factor["secret"]), tuple(map(str, factor["spare"])), int(factor["last"])),
    )


def _token_json(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "user": token.user,
        "name": token.name,
        "digest": token.digest,
        "rights": write_rights(token.rights),
        "created_utc_s": token.created_utc_s,
        "expires_utc_s": token.expires_utc_s,
        "used_utc_s": token.used_utc_s,
    }


def _token(entry: Any) -> Token:
    return Token(
        id=str(entry["id"]),
        user=str(entry["user"]),
        name=str(entry["name"]),
        digest=str(entry["digest"]),
        rights=read_rights(entry["rights"]),
        created_utc_s=int(entry["created_utc_s"]),
        expires_utc_s=_optional(entry["expires_utc_s"]),
        used_utc_s=_optional(entry.get("used_utc_s")),
    )


def _onvif_json(user: OnvifUser) -> dict[str, Any]:
    return {
        "name": user.name,
        "password": user.password,
        "level": user.level,
        "remarks": user.remarks,
        "revision": user.revision,
        "changed_utc_s": user.changed_utc_s,
    }


def _onvif(entry: Any) -> OnvifUser:
    return OnvifUser(
        name=str(entry["name"]),
        password=str(entry["password"]),
        level=str(entry["level"]),
        remarks=str(entry.get("remarks", "")),
        revision=int(entry["revision"]),
        changed_utc_s=int(entry["changed_utc_s"]),
    )


def _recovery(entry: Any) -> Recovery:
    return Recovery(
        enabled=bool(entry.get("enabled", True)),
        questions=tuple(map(str, entry.get("questions", ()))),
        answers=str(entry.get("answers", "")),
        key=str(entry.get("key", "")),
    )


def _optional(value: Any) -> int | None:
    return None if value is None else int(value)
