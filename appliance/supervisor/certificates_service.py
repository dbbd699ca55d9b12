"""Certificates over the bus: kept, chosen, handed to the web server, watched for their end."""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509

from appliance.bus.errors import BusError
from appliance.bus.server import BusServer, plain
from appliance.certificates.device import own_names
from appliance.certificates.ending import endings
from appliance.certificates.facts import facts_of
from appliance.certificates.issue import MOST_DAYS, KeyKind, Subject, new_key, self_signed
from appliance.certificates.pair import CertificateError, Pair, pair_of
from appliance.certificates.reading import read_authority, read_certificates, read_signed
from appliance.certificates.store import MOST, CertificateStore, Entry
from appliance.certificates.trust import FOLDER as TRUSTED
from appliance.certificates.uses import DEVICE, USES
from appliance.events.book import EventBook
from appliance.health.facts import CertificateFacts
from appliance.settings.store import SettingsStore
from appliance.settings.values import host_names
from appliance.settings.vault import Vault
from appliance.text import _

_log = logging.getLogger(__name__)

CHECK_S = 600.0
SOURCE = "certificates"
FACES = frozenset({"web", "cli", "gui"})
KEY_KINDS: tuple[KeyKind, ...] = ("p256", "p384", "rsa2048", "rsa3072")
T = TypeVar("T")


class CertificatesService:
    """What the supervisor answers about certificates.

    - ``certificates.list`` {} -> {certificates, authorities, services, most}
    - ``certificates.create`` {id, key_kind, days, subject..., actor}: self-signed (D2-SE-40)
    - ``certificates.request`` {id, key_kind, subject..., actor} -> {request}: a CSR (D2-SE-41)
    - ``certificates.add`` {id, key, chain, actor}: one that was read and checked (D2-SE-42)
    - ``certificates.complete`` {pem, actor} -> {id}: what an authority sent for a request
    - ``certificates.text`` {id} -> {pem}: certificates or request, never the key
    - ``certificates.remove``, ``certificates.distrust`` {id, actor}
    - ``certificates.trust`` {id, pem, actor} (D2-SE-43)
    - ``certificates.use`` {service, id, actor} (D2-SE-21)
    - ``certificates.serve`` {service} -> {id, key, chain}: with the key; web only

    Topic ``certificates.changed`` {}: what is served may be another one.
    """

    def __init__(
        self, bus: BusServer, state: Path, vault: Vault, settings: SettingsStore, events: EventBook
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._events = events
        self._old = state / "web" / "tls"
        self._store = CertificateStore(state / "certificates", state / TRUSTED, vault)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="certificates")
        self._task: asyncio.Task[None] | None = None
        self._look = asyncio.Event()
        for name, handler in (
            ("list", self._list),
            ("create", self._create),
            ("request", self._request),
            ("add", self._add),
            ("complete", self._complete),
            ("text", self._text),
            ("remove", self._remove),
            ("trust", self._trust),
            ("distrust", self._distrust),
            ("use", self._use),
        ):
            bus.handle(f"certificates.{name}", plain(handler), roles=FACES)
        bus.handle("certificates.serve", plain(self._serve), roles={"web"})

    async def start(self) -> None:
        """Read what is kept, have a device certificate, and go on looking after them."""
        await self._run(self._store.open)
        await self._check()
        self._task = asyncio.create_task(self._keep(), name="certificates")

    async def close(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown()

    def settings_changed(self, page: str) -> None:
        """Take note: names of the box, or when it is reminded."""
        if page in ("web", "certificates"):
            self._look.set()

    async def reset(self) -> None:
        """Forget all but the device certificate."""
        await self._run(self._store.forget)
        await self._changed()

    async def facts(self) -> list[CertificateFacts]:
        """Return the ends of all certificates, for the health of the box."""
        return await self._run(self._ends)

    def _ends(self) -> list[CertificateFacts]:
        days = self._settings.raw("certificates")["remind_days"]
        leaves = [*self._leaves(), *self._store.authorities().items()]
        return [
            CertificateFacts(
                name=name if name != DEVICE else _("of this recorder"),
                ends=facts_of(leaf)["not_after"],
                starts=facts_of(leaf)["not_before"],
                warn_days=days,
                ours=name == DEVICE,
            )
            for name, leaf in leaves
        ]

    def _leaves(self) -> list[tuple[str, x509.Certificate]]:
        entries = [entry for entry in self._store.entries() if entry.chain]
        return [(entry.id, read_certificates(entry.chain)[0]) for entry in entries]

    # -- looking after them --------------------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(CHECK_S):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            try:
                await self._check()
            except Exception:  # noqa: BLE001 - the next look has its chance
                _log.exception("The certificates could not be looked after")

    async def _check(self) -> None:
        names = own_names(host_names(self._settings.raw("web")["host_names"]))
        try:
            why = await self._run(lambda: self._ensure(names))
        except BusError as error:
            _log.error("The device certificate cannot be stored: %s", error.text)
            return
        if why:
            _log.info("The device certificate was issued: %s", why)
            self._bus.publish("certificates.changed", {})
        await self._tell()

    def _ensure(self, names: frozenset[str]) -> str:
        return self._store.ensure_device(names, _now(), self._older())

    def _older(self) -> Pair | None:
        """Return the certificate that former versions kept in clear, and take it from there."""
        key, chain = self._old / "key.pem", self._old / "certificate.pem"
        if any(entry.id == DEVICE for entry in self._store.entries()):
            for path in (key, chain):
                path.unlink(missing_ok=True)
            return None
        try:
            return pair_of(key.read_text(), chain.read_text())
        except (OSError, ValueError, CertificateError):
            return None

    async def _tell(self) -> None:
        """Raise and end what is to be said of certificates that end or cannot be shown."""
        days = self._settings.raw("certificates")["remind_days"]
        ending, unusable = await self._run(lambda: self._judge(days))
        keys: set[str | tuple[str, str]] = set()
        for name, day in ending:
            keys.add(("certificate_ending", name))
            self._raise("certificate_ending", name, {"id": name, "day": day})
        for service, name, why in unusable:
            keys.add(("certificate_unusable", service))
            details = {"id": name, "service": USES[service].title, "reason": why}
            self._raise("certificate_unusable", service, details)
        self._events.sync(SOURCE, keys)

    def _raise(self, kind: str, key: str, details: dict[str, Any]) -> None:
        self._events.raise_event(kind, key=key, source=SOURCE, details=details)

    def _judge(self, days: int) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
        now = _now()
        # The box renews its own by itself.
        leaves = [(name, leaf) for name, leaf in self._leaves() if name != DEVICE]
        leaves += self._store.authorities().items()
        ending = [(found.id, found.day) for found in endings(leaves, now, days)]
        unusable = []
        for service in USES:
            _name, _pair, why = self._store.for_use(service, now)
            if why:
                unusable.append((service, self._store.chosen(service), why))
        return ending, unusable

    # -- methods -------------------------------------------------------------------------------

    async def _list(self, _params: dict[str, Any]) -> Any:
        return await self._run(self._told)

    def _told(self) -> dict[str, Any]:
        now = _now()
        shown = {service: self._store.for_use(service, now) for service in USES}
        return {
            "certificates": [self._entry(entry) for entry in self._store.entries()],
            "authorities": [
                {"id": name, "facts": facts_of(certificate)}
                for name, certificate in self._store.authorities().items()
            ],
            "services": [
                {
                    "service": service,
                    "title": USES[service].title,
                    "chosen": self._store.chosen(service),
                    "shown": shown[service][0],
                    "reason": shown[service][2],
                }
                for service in USES
            ],
            "most": MOST,
        }

    def _entry(self, entry: Entry) -> dict[str, Any]:
        chain = [facts_of(found) for found in read_certificates(entry.chain)] if entry.chain else []
        kind = "request" if not chain else ("device" if entry.id == DEVICE else "certificate")
        return {
            "id": entry.id,
            "kind": kind,
            "chain": chain,
            "requested": bool(entry.request),
            "used_by": self._store.used_by(entry.id),
        }

    async def _create(self, params: dict[str, Any]) -> Any:
        name, kind, subject = _text(params, "id"), _key_kind(params), _subject(params)
        days = params.get("days")
        if not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
            raise _wrong("days", _("From 1 to {most} days.").format(most=MOST_DAYS))

        def work() -> None:
            pair = self_signed(new_key(kind), subject.checked(), _now(), days)
            self._store.add(name, pair)

        return await self._change(params, work, _("created {id}").format(id=name))

    async def _request(self, params: dict[str, Any]) -> Any:
        name, kind, subject = _text(params, "id"), _key_kind(params), _subject(params)

        def work() -> str:
            whom = subject.checked()
            return self._store.ask(name, new_key(kind), whom)

        request = await self._run(work)
        await self._changed(params, _("requested {id}").format(id=name))
        return {"request": request}

    async def _add(self, params: dict[str, Any]) -> Any:
        name, key, chain = (_text(params, part) for part in ("id", "key", "chain"))

        def work() -> None:
            self._store.add(name, pair_of(key, chain))

        return await self._change(params, work, _("imported {id}").format(id=name))

    async def _complete(self, params: dict[str, Any]) -> Any:
        pem = _text(params, "pem")

        def work() -> str:
            certificates = read_certificates(pem)
            for certificate in certificates:
                name = self._store.request_of(certificate)
                if name is not None:
                    pair = read_signed(self._store.key(name), pem, _now())
                    self._store.complete(name, pair.chain)
                    return name
            text = _(
                "There is a certificate, but no private key with it, and it answers no request "
                "made here. Choose the file with the key too, or a PKCS#12 file that holds both."
            )
            raise CertificateError("no_key", text, "key")

        name = await self._run(work)
        await self._changed(params, _("imported {id}").format(id=name))
        return {"id": name}

    async def _text(self, params: dict[str, Any]) -> Any:
        name = _text(params, "id")
        for entry in self._store.entries():
            if entry.id == name:
                return {"pem": entry.chain or entry.request}
        raise BusError("certificates.unknown", _("There is no such certificate."))

    async def _remove(self, params: dict[str, Any]) -> Any:
        name = _text(params, "id")
        done = _("deleted {id}").format(id=name)
        return await self._change(params, lambda: self._store.remove(name), done)

    async def _trust(self, params: dict[str, Any]) -> Any:
        name, pem = _text(params, "id"), _text(params, "pem")

        def work() -> None:
            self._store.trust(name, read_authority(pem, _now()))

        return await self._change(params, work, _("trusts {id}").format(id=name))

    async def _distrust(self, params: dict[str, Any]) -> Any:
        name = _text(params, "id")
        done = _("trusts {id} no longer").format(id=name)
        return await self._change(params, lambda: self._store.distrust(name), done)

    async def _use(self, params: dict[str, Any]) -> Any:
        service, name = _text(params, "service"), _text(params, "id")

        def work() -> None:
            self._store.use(service, name, _now())

        title = USES[service].title if service in USES else service
        done = _("{service} shows {id}").format(service=title, id=name)
        return await self._change(params, work, done)

    async def _serve(self, params: dict[str, Any]) -> Any:
        service = _text(params, "service")
        if service not in USES:
            raise BusError("certificates.unknown", _("There is no such service."))
        name, pair, _why = await self._run(lambda: self._store.for_use(service, _now()))
        return {"id": name, "key": pair.key_pem(), "chain": pair.chain_pem()}

    # -- inside --------------------------------------------------------------------------------

    async def _change(self, params: dict[str, Any], work: Callable[[], None], what: str) -> Any:
        await self._run(work)
        await self._changed(params, what)
        return {}

    async def _changed(self, params: Mapping[str, Any] | None = None, what: str = "") -> None:
        if params is not None:
            details = {"actor": str(params.get("actor") or "-")[:64], "what": what}
            self._events.raise_event("certificates_changed", source=SOURCE, details=details)
        self._bus.publish("certificates.changed", {})
        await self._tell()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except CertificateError as error:
            fields = [{"path": error.field, "code": error.code, "text": error.text}]
            raise BusError(error.code, error.text, fields=fields if error.field else ()) from None
        except OSError as error:
            text = _("Nothing was changed: it could not be stored ({reason}).")
            raise BusError("certificates.not_saved", text.format(reason=error.strerror)) from None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(name, _("This is needed."))
    return value


def _key_kind(params: Mapping[str, Any]) -> KeyKind:
    found = next((kind for kind in KEY_KINDS if kind == params.get("key_kind")), None)
    if found is None:
        raise _wrong("key_kind", _("One of: {choices}.").format(choices=", ".join(KEY_KINDS)))
    return found


def _subject(params: Mapping[str, Any]) -> Subject:
    names = params.get("names") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _wrong("names", _("This is needed."))
    parts = ("common_name", "organisation", "unit", "locality", "state", "country")
    return Subject(names=names, **{part: str(params.get(part) or "") for part in parts})


def _wrong(field: str, text: str) -> BusError:
    wrong = {"path": field, "code": "invalid", "text": text}
    return BusError("certificates.invalid", text, fields=[wrong])
