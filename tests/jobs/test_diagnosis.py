"""The archive for a diagnosis: made by the real product, with secrets planted everywhere."""

from __future__ import annotations

import json
import random
import zipfile
from typing import Any

import pytest

from appliance.bus.errors import BusError
from appliance.jobs.kinds.diagnosis import Cleaner, mark_of
from appliance.redaction import GONE, redacted

PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBK\nq83vASNF\n-----END EC PRIVATE KEY-----"
PLANTED = {
    "camera": "Tulip-Field-77",
    "bare": "zq9!hidden",
    "url": "hunter2hunter2",
    "query": "qrstoken31337",
    "bearer": "abcdEFGH1234567890token",
    "long": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "key": "MHcCAQEEIBK",
    "totp": "JBSWY3DPEHPK3PXP",
    "hash": "c29tZXNhbHRzb21lc2FsdA",
    "passphrase": "correct-horse-battery",
    "cookie": "nvrsession5551212",
}
LINES = [
    "camera D1 password=Tulip-Field-77 refused",
    'config {"password": "Tulip-Field-77", "user": "admin"}',
    "somebody typed zq9!hidden where a name belongs",
    "opening rtsp://admin:hunter2hunter2@10.0.0.9:554/main",
    "calling https://hc.example.org/ping?key=qrstoken31337",
    "Authorization: Bearer abcdEFGH1234567890token",
    "token abc 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    f"key loaded {json.dumps(PEM)}",
    "otpauth://totp/nvr:anna?secret=JBSWY3DPEHPK3PXP&issuer=nvr",
    "totp secret: JBSWY3DPEHPK3PXP",
    "hash $argon2id$v=19$m=47104,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$YWJjZGVm",
    "import with passphrase 'correct-horse-battery' failed: passphrase: correct-horse-battery",
    "Set-Cookie: nvrsession5551212; HttpOnly",
]
KEPT = ("camera D1", "refused", "10.0.0.9:554/main", "somebody typed", "hc.example.org/ping")


def test_nothing_that_looks_like_a_secret_is_left_and_the_rest_is() -> None:
    text = "\n".join([*LINES, PEM])
    found = redacted(text, known=[PLANTED["bare"]])
    for name, secret in PLANTED.items():
        assert secret not in found, name
    for part in KEPT:
        assert part in found
    assert "q83vASNF" not in found


def test_known_secrets_go_wherever_they_stand_and_few_words_besides() -> None:
    salt = b"s" * 16
    secrets = [f"secret-number-{n}" for n in range(64)]
    cleaner = Cleaner(frozenset(mark_of(one, salt) for one in secrets), salt)
    for one in secrets:
        for line in (
            one,
            f"a {one} b",
            f'"{one}"',
            f"x={one};",
            f"{one}.",
            f"u:{one}@h",
            f"({one})",
        ):
            assert one not in cleaner.line(line), line
    chance = random.Random(44)
    words = [f"w{chance.randrange(10**9)}" for _n in range(20_000)]
    kept = cleaner.words(" ".join(words)).split(" ")
    assert kept.count(GONE) < 60


async def test_no_planted_secret_is_in_the_archive_of_the_product(
    make_machine: Any,
) -> None:
    """D2-MT-44; every place a secret could come from is planted with one."""
    machine = make_machine()
    paths = machine.paths
    paths.logs.mkdir(parents=True, exist_ok=True)
    for name in ("web.jsonl", "web.jsonl.1", "device-10-0-0-9.jsonl"):
        lines = [
            json.dumps({"time": "2026-11-21T10:00:00+00:00", "level": "info", "process": "web",
                        "text": text, "exception": text})
            for text in LINES
        ]  # fmt: skip
        (paths.logs / name).write_text("\n".join(lines) + "\n")
    await machine.start()
    await machine.ask(
        "settings.add", to="supervisor", page="channels", values={
            "name": "Yard", "main_url": "rtsp://10.0.0.9/live?token=qrstoken31337",
            "username": "admin", "password": PLANTED["camera"]},
    )  # fmt: skip
    await machine.ask(
        "settings.add", to="supervisor", page="channels", values={
            "name": "Gate", "main_url": "rtsp://10.0.0.8/live", "password": PLANTED["bare"]},
    )  # fmt: skip
    await machine.ask(
        "events.raise", to="supervisor", kind="camera_offline", channel=1, key="x",
        details={"reason": " ".join(LINES)[:1900]},
    )  # fmt: skip
    started = await machine.ask("jobs.start", kind="diagnosis", by="anna", order={})
    job = await machine.ended(started["id"])
    assert job["state"] == "done", job
    archive = zipfile.ZipFile(paths.state / "jobs" / job["id"] / job["files"][0])
    assert archive.testzip() is None
    names = archive.namelist()
    assert {"status.json", "settings.json", "events.json", "computer.json"} <= set(names)
    assert {f"logs/{name}" for name in ("web.jsonl.1", "device-10-0-0-9.jsonl")} <= set(names)
    key = (paths.state / "keys" / "device.key").read_bytes()
    for name in names:
        content = archive.read(name)
        for what, secret in PLANTED.items():
            assert secret.encode() not in content, f"{what} in {name}"
        assert key not in content
        assert key.hex().encode() not in content
        assert b"$sealed" not in content
    settings = json.loads(archive.read("settings.json"))
    [yard, _gate] = settings["pages"]["channels"]["values"]["items"]
    assert yard["password"] == {"set": True}
    assert yard["name"] == "Yard"
    assert json.loads(archive.read("status.json"))["processes"]
    assert b"somebody typed" in archive.read("logs/web.jsonl.1")


async def test_marks_are_told_to_jobs_only(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    with pytest.raises(BusError, match="may not call"):
        await machine.ask("diagnosis.marks", to="supervisor", salt="00" * 16)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("passphrase 'two words' wrong", "passphrase '[removed]' wrong"),
        ('{\\"password\\": \\"x y\\"}', '{\\"password\\": \\"[removed]\\"}'),
        ("/srv/volumes/volume-1/blocks/0000000000000001.mp4", None),
        ("D1 does not answer since 14:03:22", None),
        ("GET http://10.0.0.1/x?user=a&pwd=b done", "GET http://10.0.0.1/x?[removed] done"),
    ],
)
def test_what_is_no_secret_stays_readable(text: str, clean: str | None) -> None:
    assert redacted(text) == (text if clean is None else clean)
