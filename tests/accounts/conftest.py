"""A service of accounts with three channels, set up, and ways to ask it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from appliance.accounts.core import Surroundings
from appliance.accounts.service import AccountService
from appliance.bus.errors import BusError
from appliance.events.kinds import KINDS

HASH = "$argon2id$v=19$m=47104,t=2,p=1$" + "a" * 22 + "$" + "b" * 43
ADMIN = {"name": "admin", "rights": "*", "address": "10.0.0.9", "how": "browser"}


@dataclass
class Office:
    """A box whose accounts are managed; `clock` and `now` stand until a test moves them."""

    folder: Path
    now: float = 1_800_000_000.0  # a Friday, 08:00 UTC
    clock: float = 1000.0
    channels: list[int] = field(default_factory=lambda: [1, 2, 3])
    zone: str = "UTC"
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As the supervisor does, also after a restart."""
        around = Surroundings(
            clock=lambda: self.clock,
            wall=lambda: self.now,
            zone=lambda: self.zone,
            channels=lambda: self.channels,
            told=lambda kind, details: self.told.append((kind, details)),
        )
        self.service = AccountService(self.folder, around)

    async def ask(self, method: str, **params: Any) -> Any:
        return await self.service.methods()[f"accounts.{method}"](params)

    async def act(self, method: str, **params: Any) -> Any:
        return await self.ask(method, **{"by": ADMIN, **params})

    async def refused(self, method: str, **params: Any) -> BusError:
        with pytest.raises(BusError) as caught:
            await self.act(method, **params)
        return caught.value

    async def add(self, name: str, **values: Any) -> Any:
        values = {"group": "user", **values}
        return await self.act("put_user", name=name, create=True, hash=HASH, values=values)

    def noted(self, kind: str = "account_changed") -> list[str]:
        """What the log says of entries of a kind, in words."""
        return [KINDS[k].sentence(details, None) for k, details in self.told if k == kind]

    async def user(self, name: str) -> Any:
        """What sessions of `name` follow, None if they may not be signed in."""
        follow = await self.ask("follow")
        return next((user for user in follow["users"] if user["name"] == name), None)


@pytest.fixture
async def office(tmp_path: Path) -> Office:
    box = Office(tmp_path)
    await box.ask("setup", code=box.service.issue_code(), address="::1", hash=HASH)
    return box
