"""From what somebody wants to a job: what the child has to know, and how the job is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from appliance.bus.client import BusClient
from appliance.export.names import folder_parts
from appliance.export.words import plain
from appliance.jobs.errors import JobError
from appliance.jobs.place_watch import PlaceWatch
from appliance.jobs.places import Place
from appliance.jobs.runner import Wish
from appliance.paths import Paths
from appliance.text import _

MOST_PICTURES = 5
PICTURE_EVERY_MS = 1000
"""Pictures of one click (D1-LV-24, D1-EN-20), and the time between them."""

_NAMED = 4
"""So many channels are named in a title."""

_MOST_NAME = 100


class Orders:
    """Composes orders; `compose` may ask the supervisor for settings."""

    def __init__(self, paths: Paths, bus: BusClient, places: PlaceWatch) -> None:
        self._paths = paths
        self._bus = bus
        self._places = places
        self._kinds: Mapping[str, Callable[[str, dict[str, Any]], Awaitable[Wish]]] = {
            "check_volume": self._check_volume,
            "diagnosis": self._diagnosis,
            "export_to_place": self._export_to_place,
            "network_test": self._network_test,
            "reencode": self._reencode,
            "snapshots_to_place": self._snapshots_to_place,
            "verify_export": self._verify_export,
        }

    async def compose(self, kind: str, by: str, params: dict[str, Any]) -> Wish:
        """Return the job; raise JobError, BusError."""
        compose = self._kinds.get(kind)
        if compose is None:
            raise JobError("unknown_kind", _("There is no job of this kind."))
        try:
            return await compose(by, params)
        except (KeyError, TypeError, ValueError) as error:
            raise JobError("bad_order", _("The job is not described as it has to be.")) from error

    def eject(self, by: str, place: Place) -> Wish:
        """Return the job that makes a place ready to be pulled."""
        order = {"name": place.name, "path": str(place.path), "fsid": place.fsid}
        title = _("Eject {place}").format(place=place.name)
        return Wish("eject", title, by, order, place.id)

    async def place(self, wanted: Any, *, write: bool = True) -> Place:
        """Return a place; raise JobError if it is not there, or not to be written to."""
        place = await self._places.find(str(wanted))
        if place is None:
            text = _("The stick or folder is not there any more. Plug it in again.")
            raise JobError("no_place", text)
        if write and not place.writable:
            text = _("{place} cannot be written to: it is read-only or write-protected.")
            raise JobError("place_read_only", text.format(place=place.name))
        return place

    async def _page(self, page: str) -> dict[str, Any]:
        values: dict[str, Any] = (await self._bus.request("settings.get", {"page": page}))["values"]
        return values

    async def _public_key(self) -> str:
        """Return the public key of this box: jobs have no other.  Raises BusError."""
        return str((await self._bus.request("exports.key"))["key"])

    async def _check_volume(self, by: str, params: dict[str, Any]) -> Wish:
        volumes = (await self._page("storage"))["volumes"]
        wanted = params["volume"]
        volume = next((v for v in volumes if wanted in (v["id"], v["path"])), None)
        if volume is None:
            raise JobError("not_found", _("There is no such volume."))
        name = volume["name"] or volume["id"]
        title = _("Check volume {name}").format(name=name)
        if params.get("quick"):
            title = _("Check volume {name} quickly").format(name=name)
        order = {
            "volume": volume["id"],
            "path": volume["path"],
            "ledger": str(self._paths.state / "ledger.jsonl"),
            "key": await self._public_key(),
            "quick": bool(params.get("quick")),
        }
        return Wish("check_volume", title, by, order)

    @staticmethod
    async def _diagnosis(by: str, _params: dict[str, Any]) -> Wish:
        return Wish("diagnosis", _("Make an archive for a diagnosis"), by, {"by": by})

    @staticmethod
    async def _network_test(by: str, params: dict[str, Any]) -> Wish:
        target = plain(str(params["target"]), _MOST_NAME)
        titles = {
            "ping": _("Ping {target}"),
            "dns": _("Look up {target}"),
            "route": _("Find the way to {target}"),
            "port": _("Test port {port} of {target}"),
        }
        test = str(params["test"])
        order = {
            "test": test,
            "target": str(params["target"]),
            "count": int(params["count"]),
            "port": int(params["port"]),
        }
        title = titles[test].format(target=target, port=order["port"])
        return Wish("network_test", title, by, order)

    async def _export_to_place(self, by: str, params: dict[str, Any]) -> Wish:
        place = await self.place(params["place"])
        order = await self._export(params, place)
        title = _("Save {channels} to {place}")
        title = title.format(channels=_named(order["streams"]), place=place.name)
        return Wish("export_to_place", title, by, order, place.id)

    async def _reencode(self, by: str, params: dict[str, Any]) -> Wish:
        place = await self.place(params["place"])
        order = await self._export(params, place)
        order |= {
            "clock": bool(params["clock"]),
            "text": str(params["text"]),
            "sound": bool(params["sound"]),
            "masks": [[int(channel), *map(float, area)] for channel, *area in params["masks"]],
        }
        title = _("Code {channels} anew and save to {place}")
        title = title.format(channels=_named(order["streams"]), place=place.name)
        return Wish("reencode", title, by, order, place.id)

    async def _snapshots_to_place(self, by: str, params: dict[str, Any]) -> Wish:
        place = await self.place(params["place"])
        at, count = int(params["at"]), int(params["count"])
        if not 1 <= count <= MOST_PICTURES:
            raise ValueError(count)
        instants = [at + number * PICTURE_EVERY_MS for number in range(count)]
        saved = _("{count} pictures saved to {place}.")
        if count == 1:
            saved = _("One picture saved to {place}.")
        whole = {**params, "from": at, "to": instants[-1], "combine": False,
                 "reason": saved.format(count=count, place=place.name)}  # fmt: skip
        order = await self._export(whole, place)
        order |= {
            "live": bool(params["live"]),
            "instants": instants,
            "below": folder_parts(str(params["folder"])),
        }
        title = _("Save {count} pictures of {channels} to {place}")
        if count == 1:
            title = _("Save a picture of {channels} to {place}")
        title = title.format(count=count, channels=_named(order["streams"]), place=place.name)
        return Wish("snapshots_to_place", title, by, order, place.id)

    async def _export(self, params: dict[str, Any], place: Place) -> dict[str, Any]:
        """Return what the child of an export has to know."""
        streams: list[list[Any]] = [[int(c), str(name)] for c, name in params["streams"]]
        general = await self._page("general")
        channels = {item["id"]: item["name"] for item in (await self._page("channels"))["items"]}
        numbers = sorted({channel for channel, _name in streams})
        return {
            "streams": streams,
            "from": int(params["from"]),
            "to": int(params["to"]),
            "by": str(params["requester"]),
            "reason": str(params["reason"]),
            "combine": bool(params["combine"]),
            "volumes": [volume["path"] for volume in (await self._page("storage"))["volumes"]],
            "zone": general["zone"],
            "box": general["name"],
            "names": {str(number): channels.get(number, "") for number in numbers},
            "folder": str(place.path),
            "place": place.name,
            "fsid": place.fsid,
        }

    async def _verify_export(self, by: str, params: dict[str, Any]) -> Wish:
        place = await self.place(params["place"], write=False)
        name = str(params["name"])
        parts = name.split("/")
        if any(part in ("", ".", "..") for part in parts) or "\0" in name:
            raise JobError("bad_order", _("An export is named by its folder or file."))
        order = {
            "folder": str(place.path),
            "place": place.name,
            "name": name,
            "own": await self._public_key(),
            "key": params.get("key") or None,
        }
        title = _("Verify {name} on {place}")
        title = title.format(name=plain(name, _MOST_NAME), place=place.name)
        return Wish("verify_export", title, by, order, place.id)


def _named(streams: list[list[Any]]) -> str:
    """Return the channels of an export in short: "D1, D3", or how many they are."""
    numbers = sorted({channel for channel, _name in streams})
    if len(numbers) > _NAMED:
        return _("{count} channels").format(count=len(numbers))
    return ", ".join(f"D{number}" for number in numbers)
