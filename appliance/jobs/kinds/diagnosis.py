"""Job `diagnosis`: one archive of logs, events, status and settings, without secrets (D2-MT-44)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import platform
import re
import secrets
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.jobs.priority import bound_memory
from appliance.jobs.reporting import Outcome, Report
from appliance.log_files import SUFFIX
from appliance.paths import Paths
from appliance.redaction import GONE, redacted, redacted_value
from appliance.text import _
from appliance.version import VERSION

ARCHIVE = "diagnosis.zip"
MEMORY_BYTES = 512 << 20
ASK_S = 10.0
MOST_EVENTS = 2000
_PAGE = 500
_WORDS = re.compile(r"[^\s\\\"'<>()\[\]{},;=&?|]+")
_SALT_BYTES = 16

QUESTIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "status.json": ("status.get", {}),
    "settings.json": ("settings.get", {}),
    "settings-problems.json": ("settings.problems", {}),
    "device.json": ("device.get", {}),
    "ports.json": ("poe.get", {}),
    "contacts.json": ("io.get", {}),
}
"""What is asked of the supervisor; who does not answer leaves its reason in the archive."""


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Make the archive.

    `order`: by.  Settings are asked for as readers get them, with {"set": true} for a secret; keys
    and accounts are not read at all.  Everything then goes through `redaction`, and words that
    could be one of the secrets there are (`diagnosis.marks`) are taken out.  Raises OSError,
    JobCancelled.
    """
    bound_memory(MEMORY_BYTES)
    paths = Paths.from_environment()
    logs = sorted(path for path in paths.logs.glob(f"*{SUFFIX}*") if path.is_file())
    steps = len(logs) + 2
    report.progress(0, steps, "steps")
    answers, marks, salt = asyncio.run(_ask(paths))
    clean = Cleaner(marks, salt)
    target = report.result_folder() / ARCHIVE
    partial = target.with_name(f"{ARCHIVE}.partial")
    report.writes(partial)
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr("READ-ME.txt", _about(str(order["by"])))
        archive.writestr("computer.json", clean.json(_computer(paths)))
        for name, answer in answers.items():
            archive.writestr(name, clean.json(answer))
        report.progress(1, steps, "steps")
        for number, path in enumerate(logs):
            _add_log(archive, path, clean, report)
            report.progress(number + 2, steps, "steps")
    partial.replace(target)
    size = target.stat().st_size
    text = _("Logs, events, status and settings are in the archive, secrets are not.")
    return Outcome(text, {"bytes": size, "removed": clean.removed}, (ARCHIVE,))


class Cleaner:
    """Takes secrets out of texts; `marks` are the first 16 bits of keyed digests of known ones.

    So short, they say next to nothing about a secret to whoever reads them here, and one word in
    some hundreds that only looks alike goes too.
    """

    def __init__(self, marks: frozenset[int], salt: bytes) -> None:
        self._marks = marks
        self._salt = salt
        self._known: dict[str, bool] = {}
        self.removed = 0

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        return self.words(redacted(text))

    def json(self, value: Any) -> str:
        """Return JSON without secrets."""
        return _pretty(redacted_value(value, self.text))

    def line(self, line: str) -> str:
        """Return a line of a log, which is JSON or any text, without secrets."""
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return self.text(line)
        clean = redacted_value(value, self.text)
        return json.dumps(clean, ensure_ascii=False, default=str) + "\n"

    def words(self, text: str) -> str:
        """Return a text without the words that may be known secrets."""
        return _WORDS.sub(self._word, text) if self._marks else text

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        if self._is_secret(word):
            self.removed += 1
            return GONE
        parts = re.split(r"([:/@.!]+)", word)
        if len(parts) == 1:
            return word
        cleaned = [GONE if self._is_secret(part) else part for part in parts]
        trimmed = word.rstrip(".:!")
        if trimmed != word and self._is_secret(trimmed):
            cleaned = [GONE]
        self.removed += cleaned.count(GONE)
        return "".join(cleaned)

    def _is_secret(self, word: str) -> bool:
        if word in ("", GONE):
            return False
        known = self._known.get(word)
        if known is None:
            if len(self._known) > 200_000:
                self._known.clear()
            known = self._known[word] = mark_of(word, self._salt) in self._marks
        return known


def mark_of(secret: str, salt: bytes) -> int:
    """Return the mark of a secret: 16 bits of its keyed BLAKE2b (RFC 7693)."""
    digest = hashlib.blake2b(secret.encode("utf-8", "replace"), key=salt, digest_size=16)
    return int.from_bytes(digest.digest()[:2], "big")


async def _ask(paths: Paths) -> tuple[dict[str, Any], frozenset[int], bytes]:
    """Return answers by file name, and what known secrets are recognised by.

    Without the latter there is no archive: BusError.
    """
    salt = secrets.token_bytes(_SALT_BYTES)
    name, instance = f"jobs@{os.getpid()}", secrets.token_hex(8)
    answers: dict[str, Any] = {}
    async with connected_client(paths.bus_socket, name, instance) as bus:
        marks = await bus.request("diagnosis.marks", {"salt": salt.hex()}, timeout_s=ASK_S)
        for file, (method, params) in QUESTIONS.items():
            answers[file] = await _answer(bus, method, params)
        answers["events.json"] = await _events(bus)
    return answers, frozenset(int(mark) for mark in marks["marks"]), salt


async def _answer(bus: BusClient, method: str, params: dict[str, Any]) -> Any:
    try:
        return await bus.request(method, params, timeout_s=ASK_S)
    except BusError as error:
        return {"not_answered": error.code, "text": error.text}


async def _events(bus: BusClient) -> Any:
    events: list[Any] = []
    after: str | None = None
    try:
        while len(events) < MOST_EVENTS:
            query = {"limit": _PAGE} | ({"after": after} if after else {})
            page = await bus.request("events.query", query, timeout_s=ASK_S)
            events += page["events"]
            after = page["next"]
            if after is None:
                break
    except BusError as error:
        events.append({"not_answered": error.code, "text": error.text})
    return {"events": events}


def _add_log(archive: zipfile.ZipFile, path: Path, clean: Cleaner, report: Report) -> None:
    with (
        path.open("rb") as source,
        archive.open(f"logs/{path.name}", "w", force_zip64=True) as into,
    ):
        for line in _cleaned(source, clean.line, report):
            into.write(line)


def _cleaned(source: Any, clean: Callable[[str], str], report: Report) -> Iterator[bytes]:
    for raw in source:
        if report.cancelled():
            report.progress(0, 0)  # raises
        yield clean(raw.decode("utf-8", "replace")).encode()


def _computer(paths: Paths) -> dict[str, Any]:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    disk = psutil.disk_usage(str(paths.state))
    mounts = [
        {"device": p.device, "at": p.mountpoint, "type": p.fstype, "options": p.opts}
        for p in psutil.disk_partitions(all=False)
    ]
    links = {
        name: {
            "up": state.isup,
            "mbit_s": state.speed,
            "mtu": state.mtu,
            "addresses": [a.address for a in psutil.net_if_addrs().get(name, [])],
            "counters": counters._asdict() if counters is not None else {},
        }
        for name, state in psutil.net_if_stats().items()
        for counters in [psutil.net_io_counters(pernic=True).get(name)]
    }
    return {
        "version": VERSION,
        "python": sys.version,
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "booted": datetime.fromtimestamp(psutil.boot_time(), UTC).isoformat(),
        "load": os.getloadavg(),
        "memory": memory._asdict(),
        "swap": swap._asdict(),
        "state": disk._asdict(),
        "mounts": mounts,
        "links": links,
    }


def _about(by: str) -> str:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    text = _(
        "Diagnosis of a network video recorder, made {when} by {by}.\n\n"
        "Passwords, keys and tokens were taken out ({gone} stands in their place). Names of "
        "cameras, users and addresses of the network are in it: give it only to somebody you "
        "would tell these."
    )
    return text.format(when=now, by=by, gone=GONE) + "\n"


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)
