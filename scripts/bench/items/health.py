"""What the health checks cost: all of them on a box with everything, as a share of a core.

64 channels, 16 volumes, 14 processes, 40 events that last, 32 accounts, a log of 5,000 entries: the
checks are asked as often as in a box with an open page (every 5 s by the supervisor, every 2 s by
the page), what they look at is gathered at its own pace, and the processor time of this process is
set against the time that passes on the clock they are given.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from appliance.accounts.service import AccountService
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.events.record import EventRecord
from appliance.health.facts import CertificateFacts, Facts, PoeFacts
from appliance.health.register import CHECKS, checks, fixups
from appliance.health.summary import health_of
from appliance.health.ward import Ward
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.health_senses import LOG_FIRST_S, Senses
from appliance.supervisor.settings_service import SettingsService
from scripts.bench.figure import SHARE, Figure

TURNS = max(200, round(2520 * min(1.0, SHARE)))
TURNS_A_SECOND = 1 / 5 + 1 / 2
GATHERED_S = max(600.0, 3600.0 * min(1.0, SHARE))
DAY_S = 86_400.0
NOW = 1_800_000_000_000
LOG_ENTRIES = 5_000
FAULT = {"code": "no_answer", "text": "The camera does not answer.", "since": NOW}
GIB = 1 << 30


def facts(turn: int) -> Facts:
    """Return a box with everything; one camera in eight is away, numbers move with each turn."""
    channels: list[Any] = [
        {
            "id": number, "name": f"Camera {number}", "enabled": True, "mode": "auto",
            "state": "waiting" if number % 8 == 0 else "playing",
            "fault": FAULT if number % 8 == 0 else None,
            "recording": number % 8 != 0, "not_recording": FAULT if number % 8 == 0 else None,
            "streams": {"main": {"advice": FAULT if number % 5 == 0 else None}, "sub": {}},
        }
        for number in range(1, 65)
    ]  # fmt: skip
    processes: list[Any] = [
        {
            "name": f"p{number}", "state": "running", "pid": number, "since": NOW,
            "restarts": turn // 500, "last_reason": "it ended", "retry_s": 0.0,
            "rss": (50 << 20) + turn, "cpu": 0.1,
        }
        for number in range(14)
    ]  # fmt: skip
    volumes: list[Any] = [
        {"name": f"V{n}", "path": f"/v{n}", "state": "ok", "retention_days": 5.0, "wanted_days": 7}
        for n in range(16)
    ]
    events = tuple(
        EventRecord(n, "poe_fault", f"port {n}", None, "poe", NOW, None, 0, {"port": n})
        for n in range(40)
    )
    host: Any = {"memory_total": 8 * GIB, "memory_available": GIB, "temperature_c": 60.0}
    return Facts(
        now=NOW,
        now_s=turn / TURNS_A_SECOND,
        channels=channels,
        volumes=volumes,
        processes=processes,
        host=host,
        free_state_bytes=GIB,
        damage=lambda channel, _stream: (0.01 * (channel % 3), channel % 2),
        events=events,
        poe=PoeFacts(130.0, 128.0, frozenset(range(1, 9))),
    )


def looking() -> tuple[float, int]:
    """Return the processor time of a second of looking, and how many findings were told."""
    ward, offers, told = Ward(checks()), fixups(), 0
    boxes = [facts(turn) for turn in range(TURNS)]
    start = time.process_time()
    for box in boxes:
        found = ward.turn(box)
        told = len(health_of(box, found, {}, offers)["items"])
    return (time.process_time() - start) / (TURNS / TURNS_A_SECOND), told


async def certificates() -> list[CertificateFacts]:
    """Return that of the box."""
    return [CertificateFacts("of the box", NOW + 10**10, ours=True)]


async def gathering(folder: Path) -> tuple[float, float]:
    """Return the processor time of a second of gathering, and of one look at the whole log."""
    bus, now = BusServer(folder / "bus", instance="bench"), 0.0
    vault = Vault.open(folder / "keys" / "device.key")
    settings = SettingsService(
        bus,
        SettingsStore(DocumentFiles(folder / "settings"), vault),
        changed=lambda _page: None,
        told=lambda _kind, _details: None,
    )
    await settings.open()
    store = settings.store
    for number in range(1, 65):
        values = {"id": number, "main_url": f"rtsp://192.0.2.{number}/a", "password": "Lantern7F"}
        store.add("channels", values)
    book = EventBook(folder / "events.db", chain_key=b"k" * 32)
    await book.start()
    for number in range(LOG_ENTRIES):
        book.raise_event("settings_changed", details={"actor": "admin", "page": str(number)})
        if number % 500 == 0:
            await asyncio.sleep(0.05)
    accounts = AccountService(folder / "state").methods()
    senses = Senses(
        bus,
        book,
        settings,
        accounts,
        pids=lambda: range(1, 400, 30),
        declared=lambda: [("tcp", 8443, 8443)],
        certificates=certificates,
        ssh=lambda: False,
        whole_computer=True,
        clock=lambda: now,
    )
    await senses.gather()
    start = time.process_time()
    while now < min(GATHERED_S, LOG_FIRST_S - 1):
        now += 1.0
        await senses.gather()
    each_s = (time.process_time() - start) / now
    start = time.process_time()
    now = LOG_FIRST_S + 1
    await senses.gather()
    log_s = time.process_time() - start
    await book.close()
    settings.close()
    return each_s, log_s


def run() -> list[Figure]:
    """Measure both."""
    look_s, told = looking()
    with tempfile.TemporaryDirectory(prefix="nvr-health-") as folder:
        gather_s, log_s = asyncio.run(gathering(Path(folder)))
    whole = look_s + gather_s + log_s / DAY_S
    how = (
        f"{len(CHECKS)} checks, {told} findings; looking {look_s * 100:.3f} %, gathering "
        f"{gather_s * 100:.3f} %, the log of {LOG_ENTRIES} entries once a day {log_s:.2f} s"
    )
    return [Figure("health checks: processor time, of a core", whole * 100, "%", "<= 0.5", how)]
