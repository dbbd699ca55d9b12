"""Services in the supervisor: the page of what listens, the remote shell, the USB sockets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.server import BusServer, plain
from appliance.events.book import EventBook
from appliance.helper.contract import HelperError
from appliance.helper.requests.services import CloseSsh, OpenSsh, SetUsb
from appliance.services.listening import Listener, Seen, compare, listening
from appliance.services.register import wanted
from appliance.services.ssh import Lease, boot_id, boot_s, load, save
from appliance.settings.store import SettingsStore
from appliance.supervisor.helper_service import HelperService
from appliance.text import _

_log = logging.getLogger(__name__)

PAGE = "services"
SOURCE = "services"
FACES = frozenset({"web", "cli", "gui"})
LOOK_S = 60.0
RETRY_S = 5.0


class ServicesService:
    """What the supervisor answers about services.

    - ``services.list`` {} -> {services, unknown, ssh, simulated}
    - ``services.ssh`` {on, actor} -> {}: the remote shell, for the time set (D2-SE-14)
    """

    def __init__(
        self,
        bus: BusServer,
        settings: SettingsStore,
        helper: HelperService,
        events: EventBook,
        file: Path,
        *,
        on_box: bool,
        changed: Callable[[], None],
        listeners: Callable[[], list[Listener]] = listening,
        clock: Callable[[], float] = boot_s,
    ) -> None:
        self._settings = settings
        self._helper = helper
        self._events = events
        self._file = file
        self._changed_ssh = changed
        self._listeners = listeners
        self._clock = clock
        self._boot = boot_id()
        self._lease: Lease | None = None
        self._closing = False
        self._usb = ""
        self._simulated = not on_box
        self._look = asyncio.Event()
        self._busy = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        bus.handle("services.list", plain(self._list), roles=FACES)
        bus.handle("services.ssh", plain(self._ssh), roles=FACES)

    async def start(self) -> None:
        """Go on with a shell that is still to be on; close one that is not."""
        lease = await asyncio.to_thread(load, self._file)
        if lease is not None and lease.left_s(self._boot, self._clock()) > 0:
            self._lease = lease
        else:
            self._closing = lease is not None
        self._task = asyncio.create_task(self._run(), name="services")

    async def close(self) -> None:
        """Stop looking; the service manager ends the shell in time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def settings_changed(self, page: str) -> None:
        """Take note."""
        if page == PAGE:
            self._look.set()

    def read(self, page: str) -> Mapping[str, Any]:
        """Return a page's values, with `ssh_on` and the port of the shell that runs."""
        values = self._settings.raw(page)
        if page != PAGE:
            return values
        lease = self._lease
        port = lease.port if lease is not None else values["ssh_port"]
        return {**values, "ssh_on": lease is not None, "ssh_port": port}

    def declared(self) -> list[tuple[str, int, int]]:
        """Return protocol, first and last port of each service that is on."""
        on = [each for each in wanted(self.read) if each.on]
        return [
            (each.service.protocol, each.ports.first, each.ports.last)
            for each in on
            if each.ports is not None and each.service.reach != "cameras"
        ]

    @property
    def ssh_on(self) -> bool:
        """Whether the remote shell is on."""
        return self._lease is not None

    # -- looking -------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            wait_s = LOOK_S
            try:
                async with self._busy:
                    await self._step()
            except HelperError as error:
                _log.warning("Services could not be set: %s", error.text)
                wait_s = RETRY_S
            except Exception:  # noqa: BLE001 - the next look has its chance
                _log.exception("The services could not be looked after")
            if self._lease is not None:
                wait_s = min(wait_s, self._lease.left_s(self._boot, self._clock()) + 0.05)
            try:
                async with asyncio.timeout(max(wait_s, 0.05)):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()

    async def _step(self) -> None:
        lease = self._lease
        if lease is not None and lease.left_s(self._boot, self._clock()) <= 0:
            await self._close(_("the recorder itself"))
        elif self._closing:
            await self._helper.call(CloseSsh())
            self._closing = False
            await asyncio.to_thread(save, self._file, None)
        self._tell_ssh()
        usb = self._settings.raw(PAGE)["usb"]
        if usb != self._usb:
            await self._helper.call(SetUsb(mode=usb))
            self._usb = usb

    def _tell_ssh(self) -> None:
        if self._lease is None:
            self._events.end_event("ssh_open", "ssh")
            return
        until = datetime.fromtimestamp(self._lease.until_utc / 1000, UTC)
        details = {
            "until": f"{until.isoformat(' ', 'minutes')[:16]} UTC",
            "actor": self._lease.actor,
        }
        self._events.raise_event("ssh_open", key="ssh", source=SOURCE, details=details)

    async def _compare(self) -> tuple[list[Seen], list[Listener]]:
        found = await asyncio.to_thread(self._listeners)
        return compare(wanted(self.read), found)

    # -- methods -------------------------------------------------------------------------------

    async def _list(self, _params: dict[str, Any]) -> Any:
        seen, unknown = await self._compare()
        lease = self._lease
        return {
            "services": [_row(each) for each in seen],
            "unknown": [
                {"protocol": u.protocol, "address": u.address, "port": u.port,
                 "program": u.program, "local": u.local}
                for u in unknown
            ],
            "ssh": {
                "on": lease is not None,
                "left_s": round(lease.left_s(self._boot, self._clock())) if lease else 0,
                "until": lease.until_utc if lease else None,
                "keys": len(self._settings.raw(PAGE)["ssh_keys"]),
                "minutes": self._settings.raw(PAGE)["ssh_minutes"],
            },
            "simulated": self._simulated,
        }  # fmt: skip

    async def _ssh(self, params: dict[str, Any]) -> Any:
        actor = str(params.get("actor") or "-")[:64]
        async with self._busy:
            if params.get("on") is True:
                await self._open(actor)
            else:
                await self._close(actor)
            self._tell_ssh()
        self._look.set()
        return {}

    async def _open(self, actor: str) -> None:
        page = self._settings.raw(PAGE)
        if not page["ssh_keys"]:
            text = _("SSH takes keys only, and there is none yet. Add a public key below first.")
            raise BusError("services.no_ssh_key", text)
        seconds = page["ssh_minutes"] * 60
        until_utc = int((time.time() + seconds) * 1000)
        lease = Lease(self._boot, self._clock() + seconds, until_utc, page["ssh_port"], actor)
        await asyncio.to_thread(save, self._file, lease)
        keys = [entry["key"] for entry in page["ssh_keys"]]
        try:
            state = await self._helper.call(
                OpenSsh(port=page["ssh_port"], keys=keys, seconds=seconds)
            )
        except HelperError:
            self._closing = True
            raise
        self._simulated, self._lease = state.simulated, lease
        self._tell_switched(actor, _("on"))

    async def _close(self, actor: str) -> None:
        was_on = self._lease is not None
        await self._helper.call(CloseSsh())
        self._lease = None
        await asyncio.to_thread(save, self._file, None)
        if was_on:
            self._tell_switched(actor, _("off"))

    def _tell_switched(self, actor: str, state: str) -> None:
        details = {"actor": actor, "state": state}
        self._events.raise_event("ssh_switched", source=SOURCE, details=details)
        self._changed_ssh()


def _row(seen: Seen) -> dict[str, Any]:
    service = seen.wanted.service
    return {
        "slug": service.slug,
        "title": service.title,
        "why": service.why,
        "protocol": service.protocol,
        "ports": str(seen.wanted.ports or ""),
        "reach": service.reach,
        "on": seen.wanted.on,
        "state": seen.state,
        "page": service.switch.page,
        "field": service.switch.field,
        "how": service.switch.how,
        "default": service.default,
        "risky": service.risky,
        "programs": sorted({found.program for found in seen.listeners if found.program}),
    }
