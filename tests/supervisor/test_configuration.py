"""The configuration as a file, between two boxes: everything arrives, or nothing changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.accounts import store as account_store
from appliance.accounts.model import Account, Factor, Group, OnvifUser, Token
from appliance.accounts.passwords import Passwords
from appliance.accounts.service import AccountService
from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.settings.document import DocumentFiles
from appliance.settings.files import write_atomically
from appliance.settings.store import SettingsStore
from appliance.settings.transfer import seal, unseal
from appliance.settings.vault import Vault
from appliance.supervisor.configuration_service import ConfigurationService
from appliance.supervisor.ptz_book import PtzBook
from appliance.supervisor.ptz_part import PtzPart
from appliance.supervisor.settings_service import SettingsService

PASSPHRASE = "Lantern7Field"


class Box:
    """One box: settings, accounts and presets, and a face that asks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.told: list[tuple[str, dict[str, Any]]] = []

    async def start(self) -> None:
        root = self.root
        self.vault = Vault.open(root / "keys" / "device.key")
        store = SettingsStore(DocumentFiles(root / "settings"), self.vault)
        self.bus = BusServer(root / "bus.sock", instance="s")
        self.settings = SettingsService(
            self.bus, store, changed=lambda _page: None, told=self._tell
        )
        self.accounts = AccountService(root)
        self.book = PtzBook(root / "board" / "ptz.json")
        self.book.load()
        self.service = ConfigurationService(
            self.bus,
            self.settings,
            self.vault,
            root / "settings",
            about=lambda: {"board": "Test board", "ports": 8},
            told=self._tell,
        )
        self.service.also(self.accounts.part)
        self.service.also(PtzPart(root / "board" / "ptz.json", lambda: self.book))
        await self.settings.open()
        await self.bus.start()
        self.web = BusClient(root / "bus.sock", "web", "w")
        self._task = asyncio.create_task(self.web.run())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.bus.close()
        self.settings.close()

    @property
    def store(self) -> SettingsStore:
        return self.settings.store

    def state(self) -> Any:
        """Everything a configuration has, as this box holds it."""
        accounts = self.accounts.part.gather()
        for entry in (accounts or {"users": []})["users"]:
            entry.pop("generation")
            entry.pop("revision")
        return self.store.gather(), accounts, self.book.as_dict()

    async def export(self) -> str:
        answer = await self.web.request(
            "configuration.export", {"passphrase": PASSPHRASE, "actor": "anna"}
        )
        return str(answer["file"])

    async def ask(self, what: str, file: str, **more: Any) -> Any:
        params = {"file": file, "passphrase": PASSPHRASE, "actor": "ben", **more}
        return await self.web.request(f"configuration.{what}", params)

    def _tell(self, kind: str, details: dict[str, Any]) -> None:
        self.told.append((kind, details))


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_store, "MIN_MEMORY_KIB", 64)


@pytest.fixture
async def boxes(tmp_path: Path) -> AsyncIterator[tuple[Box, Box]]:
    """A box that was lived in, and a new one on which somebody has just been set up."""
    old, new = Box(tmp_path / "old"), Box(tmp_path / "new")
    hasher = Passwords(time_cost=1, memory_kib=64)
    hashes = [await hasher.hash(word) for word in ("Lantern7Field", "Window9Sill")]
    hasher.close()
    for box in (old, new):
        await box.start()
    (new.root / "settings").mkdir()
    old.store.change("general", None, {"name": "Shop", "zone": "Europe/Berlin"})
    old.store.change("web", None, {"session_hours": 5})
    for number in (1, 2):
        old.store.add(
            "channels",
            {"name": f"Camera {number}", "main_url": f"rtsp://10.0.0.{number}/m",
             "password": f"camera-secret-{number}"},
        )  # fmt: skip
    old.store.add("holidays", {"name": "Christmas", "kind": "date", "first": "2026-12-24"})
    core = old.accounts._core
    sealed = core.vault().seal("JBSWY3DPEHPK3PXP", "accounts/anna/factor")
    document = core.document
    await core.replace(
        type(document)(
            groups={**document.groups, "guards": Group("guards", {})},
            accounts={
                "admin": Account("admin", hashes[0], generation=3),
                "anna": Account("anna", hashes[0], group="guards", factor=Factor(sealed)),
            },
            tokens={"t1": Token("t1", "anna", "script", "ab" * 32, None, 1, None)},
            recovery=document.recovery,
            onvif={
                "vms": OnvifUser(
                    "vms", core.vault().seal("onvif-word-7", "accounts/onvif/vms"), "operator"
                )
            },
        )
    )
    await new.accounts._core.put(Account("admin", hashes[1], generation=7), proof=True)
    old.book.name_preset(1, 4, "Gate")
    old.book.put_tour(2, 1, "Round", [(1, 5), (4, 10)])
    yield old, new
    for box in (old, new):
        await box.stop()


async def test_a_replacement_box_takes_over_from_the_file(boxes: tuple[Box, Box]) -> None:
    """D2-MT-32, D2-MT-33: settings, camera passwords, users, second factors, presets."""
    old, new = boxes
    file = await old.export()
    for secret in (
        "camera-secret-1",
        "JBSWY3DPEHPK3PXP",
        "10.0.0.1",
        "argon2id",
        "onvif-word-7",
        "Gate",
    ):
        assert secret not in file
    assert unseal(file, PASSPHRASE).about["device"] == "Shop"
    preview = await new.ask("preview", file)
    before = new.state()
    assert before == new.state()
    texts = [edit["text"] for page in preview["pages"] for edit in page["changes"]]
    assert "Name: NVR \u2192 Shop" in texts
    users = next(part for part in preview["parts"] if part["part"] == "accounts")["changes"]
    assert "User admin: password of the file" in users
    assert "User anna: added" in users
    assert "Group guards: added" in users
    done = await new.ask("import", file)
    assert done["misfits"] == []
    assert new.state() == old.state()
    assert new.store.reveal("channels", 2, "password") == "camera-secret-2"
    assert PtzBook(new.root / "board" / "ptz.json").as_dict() == {}
    fresh = PtzBook(new.root / "board" / "ptz.json")
    fresh.load()
    assert fresh.tours(2) == {1: ("Round", [(1, 5), (4, 10)])}
    again = AccountService(new.root)
    assert again.part.gather()["users"][1]["factor"]["secret"] == "JBSWY3DPEHPK3PXP"
    assert again.part.gather()["onvif"][0]["password"] == "onvif-word-7"
    # Whoever was signed in on the new box is signed in no more.
    assert again._core.document.accounts["admin"].generation > 7
    assert ("settings_imported", {"actor": "ben"}) in new.told
    assert not (await new.ask("preview", file))["pages"]


async def test_network_and_users_stay_where_that_is_wanted(boxes: tuple[Box, Box]) -> None:
    old, new = boxes
    users = new.state()[1]
    file = await old.export()
    await new.ask("import", file, network=False, accounts=False)
    assert new.store.raw("web")["session_hours"] == 12
    assert new.store.raw("general")["name"] == "Shop"
    assert new.state()[1] == users


@pytest.mark.parametrize("what", ["preview", "import"])
async def test_whatever_is_wrong_with_a_file_changes_nothing(
    boxes: tuple[Box, Box], what: str
) -> None:
    old, new = boxes
    file = await old.export()
    parts = dict(unseal(file, PASSPHRASE).parts)
    broken_users = json.loads(json.dumps(parts["accounts"]))
    broken_users["users"][0]["hash"] = "plain"
    no_admin = {**parts["accounts"], "users": parts["accounts"]["users"][1:]}
    bad_page = {"schema": 1, "pages": {"general": {"name": ""}}}
    before = new.state()
    for wrong, code in [
        (file[: len(file) // 3], "cut_off"),
        (_with(parts, accounts=broken_users), "accounts"),
        (_with(parts, accounts=no_admin), "accounts"),
        (_with(parts, accounts={"version": 3}), "newer"),
        (_with(parts, ptz={"one": {}}), "ptz"),
        (_with(parts, settings=bad_page), "too_short"),
        (seal(parts, {"schema": 99}, PASSPHRASE), "newer"),
        (seal(parts, {}, "Another1Word"), "wrong"),
    ]:
        with pytest.raises(BusError) as refused:
            await new.ask(what, wrong)
        assert refused.value.code == "settings.invalid"
        assert [field["code"] for field in refused.value.fields] == [code]
    assert new.state() == before
    assert not list((new.root / "settings").glob("import*"))


def _with(parts: Any, **changes: Any) -> str:
    return seal({**parts, **changes}, {}, PASSPHRASE)


async def test_where_a_process_refuses_nothing_is_taken_over(boxes: tuple[Box, Box]) -> None:
    old, new = boxes
    before = new.state()
    courier = BusClient(new.root / "bus.sock", "courier", "c")
    task = asyncio.create_task(courier.run())

    async def refuse(change: dict[str, Any]) -> None:
        if not change["rollback"]:
            answer = {"version": change["version"], "page": change["page"]}
            await courier.request(
                "settings.ack", {**answer, "applied": False, "text": "The port is taken."}
            )

    courier.subscribe("settings.changed", refuse)
    await courier.request("settings.watch", {"pages": ["web"]})
    with pytest.raises(BusError, match="The port is taken"):
        await new.ask("import", await old.export())
    assert new.state() == before
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_where_users_cannot_be_written_the_settings_are_taken_back(
    boxes: tuple[Box, Box], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = boxes
    before = new.state()

    def full(_document: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(new.accounts._core.store, "replace", full)
    with pytest.raises(BusError) as refused:
        await new.ask("import", await old.export())
    assert refused.value.code == "accounts.not_written"
    assert new.state() == before


@pytest.mark.parametrize("cut_after", ["note", "settings", "accounts"])
async def test_a_power_cut_half_way_is_made_good_at_the_next_start(
    boxes: tuple[Box, Box], cut_after: str
) -> None:
    old, new = boxes
    parts = dict(unseal(await old.export(), PASSPHRASE).parts)
    pages, _misfits = new.store.fitted(new.store.pages_of(parts["settings"]))
    note = {**parts, "settings": pages}
    sealed = new.vault.seal(json.dumps(note), "configuration/import")
    write_atomically(new.root / "settings" / "import.pending", sealed.encode())
    if cut_after != "note":
        new.store.replace_pages(pages)
    if cut_after == "accounts":
        await new.accounts.part.apply(parts["accounts"])
    await new.stop()
    again = Box(new.root)
    await again.start()
    assert await again.service.resume()
    assert again.state() == old.state()
    assert not await again.service.resume()
    await again.stop()
    await new.start()


async def test_a_note_that_cannot_be_read_holds_up_no_start(boxes: tuple[Box, Box]) -> None:
    _old, new = boxes
    (new.root / "settings" / "import.pending").write_text("v1:AAAA")
    before = new.state()
    assert await new.service.resume()
    assert new.state() == before
    assert not await new.service.resume()


async def test_only_faces_may_ask(boxes: tuple[Box, Box]) -> None:
    old, _new = boxes
    recorder = BusClient(old.root / "bus.sock", "recorder@1", "r")
    task = asyncio.create_task(recorder.run())
    for method in ("export", "preview", "import"):
        with pytest.raises(BusError) as refused:
            await recorder.request(f"configuration.{method}", {"passphrase": PASSPHRASE})
        assert refused.value.code == "bus.forbidden"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
