"""The certificates a box keeps: one document, replaced as a whole, keys sealed by the vault."""

from __future__ import annotations

import datetime
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from appliance.certificates.device import Names, renewed
from appliance.certificates.issue import Subject
from appliance.certificates.issue import request as make_request
from appliance.certificates.pair import (
    CertificateError,
    Key,
    Pair,
    chain_pem,
    key_pem,
    pair_of,
    usable_key,
)
from appliance.certificates.trust import trusted_files
from appliance.certificates.uses import DEVICE, USES, suits
from appliance.settings.files import keep_aside, make_folder, sync_folder, write_atomically
from appliance.settings.vault import Vault, VaultError
from appliance.text import _

_log = logging.getLogger(__name__)

FILE = "certificates.json"
MOST = 16
"""Certificates with a key, and authorities, at most (N13.9)."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its certificates, or with the request for one; `sealed` is the key."""

    id: str
    sealed: str
    chain: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class _Document:
    entries: Mapping[str, Entry]
    uses: Mapping[str, str]


class CertificateStore:
    """Certificates, requests, trusted authorities, and which service shows which.

    `trusted`: a folder with a file for each authority, for whatever connects out (`trust`).
    Blocking (it syncs files, makes keys); used from one thread at a time.  A change is written
    durably and only then in force; if it cannot be (OSError), nothing has changed.
    """

    def __init__(self, folder: Path, trusted: Path, vault: Vault) -> None:
        self._path = folder / FILE
        self._trusted = trusted
        self._vault = vault
        self._document = _Document({}, {})

    def open(self) -> None:
        """Read the document; a damaged one is kept aside, and all begins anew."""
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
            self._document = _Document(
                {e["id"]: Entry(**{k: str(e.get(k, "")) for k in Entry.__slots__})
                 for e in raw["entries"]},
                {str(use): str(name) for use, name in raw["uses"].items()},
            )  # fmt: skip
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _log.error("The certificates cannot be read and are made anew: %s", error)
            keep_aside(self._path)

    # -- reading -------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Return all of them, the device's own first."""
        found = list(self._document.entries.values())
        return sorted(found, key=lambda entry: (entry.id != DEVICE, entry.id.lower()))

    def authorities(self) -> dict[str, x509.Certificate]:
        """Return the certificates of trusted authorities by id; damaged files are left out."""
        found = {}
        for path in trusted_files(self._trusted):
            try:
                found[path.stem] = x509.load_pem_x509_certificate(path.read_bytes())
            except (OSError, ValueError) as error:
                _log.warning("The trusted authority %s cannot be read: %s", path.name, error)
        return found

    def chosen(self, use: str) -> str:
        """Return the id of the certificate that was chosen for a service."""
        return self._document.uses.get(use, DEVICE)

    def used_by(self, name: str) -> list[str]:
        """Return the services that show a certificate."""
        return [use for use in USES if self.chosen(use) == name]

    def pair(self, name: str) -> Pair:
        """Return a certificate with its key; raise CertificateError if it cannot be used."""
        entry = self._entry(name)
        if not entry.chain:
            text = _("The authority has not answered this request yet.")
            raise CertificateError("no_certificate", text)
        return pair_of(self._open(entry), entry.chain)

    def key(self, name: str) -> Key:
        """Return the key of a certificate or request; raise CertificateError."""
        key = serialization.load_pem_private_key(self._open(self._entry(name)).encode(), None)
        return usable_key(key)

    def for_use(self, use: str, now: datetime.datetime) -> tuple[str, Pair, str]:
        """Return id and pair a service shows, and why it is not the chosen one ("" if it is).

        One that is not valid yet is shown: more often the clock is wrong than the certificate.
        """
        name = self.chosen(use)
        why = ""
        if name != DEVICE:
            try:
                pair = self.pair(name)
                if now <= pair.leaf.not_valid_after_utc:
                    return name, pair, ""
                day = pair.leaf.not_valid_after_utc.date().isoformat()
                why = _("It ended on {day}.").format(day=day)
            except CertificateError as error:
                why = error.text
        return DEVICE, self.pair(DEVICE), why

    # -- changing ------------------------------------------------------------------------------

    def ensure_device(self, names: Names, now: datetime.datetime, older: Pair | None = None) -> str:
        """Make or renew the device certificate; return why, "" if it stays.

        `older` is one from elsewhere, taken over where there is none here yet.
        """
        try:
            pair: Pair | None = self.pair(DEVICE)
        except CertificateError as error:
            if DEVICE in self._document.entries:
                _log.warning("The device certificate cannot be used, a new one is made: %s", error)
            pair = older
        made, why = renewed(pair, names, now)
        if made is not pair or DEVICE not in self._document.entries:
            self._put(self._sealed(DEVICE, made.key, chain=made.chain_pem()))
        return why

    def add(self, name: str, pair: Pair) -> None:
        """Keep a certificate with its key; raise CertificateError."""
        self._check_new(name, self._document.entries)
        self._check_content(pair.leaf)
        self._put(self._sealed(name, pair.key, chain=pair.chain_pem()))

    def ask(self, name: str, key: Key, subject: Subject) -> str:
        """Keep a new key and return the request (CSR) to have it certified (D2-SE-41)."""
        self._check_new(name, self._document.entries)
        csr = make_request(key, subject)
        self._put(self._sealed(name, key, request=csr))
        return csr

    def request_of(self, certificate: x509.Certificate) -> str | None:
        """Return the id of the request a certificate answers, None if there is none."""
        for entry in self.entries():
            if entry.request and not entry.chain:
                csr = x509.load_pem_x509_csr(entry.request.encode())
                if csr.public_key() == certificate.public_key():
                    return entry.id
        return None

    def complete(self, name: str, chain: Sequence[x509.Certificate]) -> None:
        """Keep what an authority issued for a request, in order; raise CertificateError."""
        entry = self._entry(name)
        text = chain_pem(chain)
        pair_of(self._open(entry), text)
        self._check_content(chain[0])
        self._put(replace(entry, chain=text))

    def remove(self, name: str) -> None:
        """Forget a certificate or request; raise CertificateError while it is in use."""
        self._entry(name)
        if name == DEVICE:
            text = _("The device certificate stays: it lets people in when another one fails.")
            raise CertificateError("in_use", text)
        if used := self.used_by(name):
            text = _("{service} shows this certificate. Choose another one for it first.")
            raise CertificateError("in_use", text.format(service=USES[used[0]].title))
        entries = {key: entry for key, entry in self._document.entries.items() if key != name}
        self._write(replace(self._document, entries=entries))

    def use(self, use: str, name: str, now: datetime.datetime) -> None:
        """Have a service show a certificate from now on; raise CertificateError if it cannot."""
        if use not in USES:
            raise CertificateError("unknown", _("There is no such service."))
        leaf = self.pair(name).leaf
        if not suits(leaf, USES[use]):
            text = _("This certificate was not issued for servers. Ask for one for a web server.")
            raise CertificateError("purpose", text)
        if now > leaf.not_valid_after_utc:
            day = leaf.not_valid_after_utc.date().isoformat()
            raise CertificateError("expired", _("It ended on {day}.").format(day=day))
        self._write(replace(self._document, uses={**self._document.uses, use: name}))

    def trust(self, name: str, authority: x509.Certificate) -> None:
        """Trust an authority in what the box connects to (D2-SE-43)."""
        known = self.authorities()
        self._check_new(name, known)
        for other, certificate in known.items():
            if certificate == authority:
                raise _twice(other)
        self._trusted.mkdir(mode=0o755, parents=True, exist_ok=True)
        path = self._trusted / f"{name}.pem"
        write_atomically(path, authority.public_bytes(serialization.Encoding.PEM))
        path.chmod(0o644)

    def distrust(self, name: str) -> None:
        """Trust an authority no longer."""
        if name not in self.authorities():
            raise _unknown()
        (self._trusted / f"{name}.pem").unlink()
        sync_folder(self._trusted)

    def forget(self) -> None:
        """Forget all but the device certificate: a reset of everything."""
        entries = {k: v for k, v in self._document.entries.items() if k == DEVICE}
        self._write(_Document(entries, {}))
        for path in trusted_files(self._trusted):
            path.unlink()

    # -- inside --------------------------------------------------------------------------------

    def _entry(self, name: str) -> Entry:
        entry = self._document.entries.get(name)
        if entry is None:
            raise _unknown()
        return entry

    def _open(self, entry: Entry) -> str:
        try:
            return self._vault.open_sealed(entry.sealed, _place(entry.id))
        except VaultError:
            text = _("The key of this certificate was sealed by another recorder. Import it again.")
            raise CertificateError("damaged", text) from None

    def _sealed(self, name: str, key: Key, *, chain: str = "", request: str = "") -> Entry:
        usable_key(key)
        return Entry(name, self._vault.seal(key_pem(key), _place(name)), chain, request)

    def _put(self, entry: Entry) -> None:
        entries = {**self._document.entries, entry.id: entry}
        self._write(replace(self._document, entries=entries))

    def _check_new(self, name: str, known: Mapping[str, Any]) -> None:
        if not _ID.fullmatch(name):
            text = _("Letters, digits, - _ and . only, 64 at most.")
            raise CertificateError("bad_id", text, "id")
        if name.lower() in {other.lower() for other in known} | {DEVICE}:
            raise CertificateError("id_taken", _("There is one of this name."), "id")
        if len(known) >= MOST + (DEVICE in known):
            text = _("There are {most} already. Delete one that is not used.")
            raise CertificateError("full", text.format(most=MOST))

    def _check_content(self, leaf: x509.Certificate) -> None:
        for other, fingerprint in self._fingerprints():
            if fingerprint == leaf.fingerprint(hashes.SHA256()):
                raise _twice(other)

    def _fingerprints(self) -> Iterator[tuple[str, bytes]]:
        for entry in self._document.entries.values():
            if entry.chain:
                leaf = x509.load_pem_x509_certificate(entry.chain.encode())
                yield entry.id, leaf.fingerprint(hashes.SHA256())

    def _write(self, document: _Document) -> None:
        raw = {
            "entries": [
                {name: getattr(entry, name) for name in Entry.__slots__}
                for entry in document.entries.values()
            ],
            "uses": dict(document.uses),
        }
        make_folder(self._path.parent)
        write_atomically(self._path, json.dumps(raw, indent=1).encode())
        self._document = document


def _place(name: str) -> str:
    return f"certificates/{name}/key"


def _unknown() -> CertificateError:
    return CertificateError("unknown", _("There is no such certificate."))


def _twice(other: str) -> CertificateError:
    text = _('This certificate is there already, as "{id}".').format(id=other)
    return CertificateError("twice", text, "pem")
