"""What listens beside what should; the remote shell for a while (D2-SE-05, D2-SE-14, D2-AP-52)."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.errors import BusError
from appliance.services.listening import Listener
from appliance.services.ssh import load
from tests.supervisor.security_lab import SecurityLab

KEY = (
    "ssh-ed25519 "
    + base64.b64encode(b"\0\0\0\x0bssh-ed25519" + b"\0\0\0\x20" + bytes(range(32))).decode()
)


class Clock:
    """Seconds since the start of the computer, until a test moves them."""

    def __init__(self) -> None:
        self.now = 5_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[SecurityLab]:
    found = SecurityLab(tmp_path)
    await found.start()
    yield found
    await found.close()


def running(lab: SecurityLab) -> bool:
    units = lab.machine.state("systemd").get("units", {})
    return bool(units.get("nvr-ssh.service", {}).get("active"))


async def shell(lab: SecurityLab, *, on: bool = True) -> Any:
    web = await lab.peer()
    return await web.request("services.ssh", {"on": on, "actor": "admin@10.0.0.1"})


async def with_key(lab: SecurityLab) -> None:
    web = await lab.peer()
    await lab.set(web, "services", ssh_keys=[{"key": f"{KEY} ann", "note": "Ann"}])


async def test_ssh_is_off_at_first_and_not_reachable(lab: SecurityLab) -> None:
    web = await lab.peer()
    told = await web.request("services.list", {})
    ssh = next(s for s in told["services"] if s["slug"] == "ssh")
    assert (ssh["on"], ssh["default"], ssh["risky"]) == (False, False, True)
    assert told["ssh"]["on"] is False
    await lab.until(lambda: lab.rules())
    assert "dport 22" not in lab.rules()


async def test_ssh_needs_a_key(lab: SecurityLab) -> None:
    with pytest.raises(BusError) as caught:
        await shell(lab)
    assert caught.value.code == "services.no_ssh_key"
    assert not running(lab)


async def test_ssh_takes_keys_only_and_goes_off_by_itself(lab: SecurityLab) -> None:
    clock = lab.security.services._clock = Clock()
    await with_key(lab)
    await shell(lab)
    assert running(lab)
    await lab.until(lambda: "tcp dport 22 accept" in lab.rules())
    assert ("ssh_open", "ssh") in lab.open_events()
    config = lab.machine.path("/run/nvr-ssh/sshd_config").read_text()
    assert "PasswordAuthentication no" in config
    assert "AuthenticationMethods publickey" in config
    assert lab.machine.path("/run/nvr-ssh/authorized_keys").read_text().startswith("restrict,pty ")
    clock.now += 3_601
    lab.security.services._look.set()
    await lab.until(lambda: not running(lab))
    await lab.until(lambda: "dport 22" not in lab.rules())
    assert ("ssh_open", "ssh") not in lab.open_events()
    assert not lab.machine.path("/run/nvr-ssh/authorized_keys").exists()


async def test_ssh_is_switched_off_by_hand(lab: SecurityLab) -> None:
    await with_key(lab)
    await shell(lab)
    await shell(lab, on=False)
    assert not running(lab)
    assert ("ssh_open", "ssh") not in lab.open_events()


async def test_ssh_goes_on_over_a_restart_of_the_supervisor_not_of_the_box(tmp_path: Path) -> None:
    lab = SecurityLab(tmp_path)
    await lab.start()
    await with_key(lab)
    await shell(lab)
    await lab.close()
    again = SecurityLab(tmp_path)
    await again.start()
    told = await (await again.peer()).request("services.list", {})
    assert told["ssh"]["on"]
    await again.until(lambda: "tcp dport 22 accept" in again.rules())
    await again.close()
    file = again.paths.state / "services" / "ssh.json"
    lease = load(file)
    assert lease is not None
    file.write_text(file.read_text().replace(lease.boot, "another start"))
    after = SecurityLab(tmp_path)
    await after.start()
    await after.until(lambda: not running(after) and not file.exists())
    told = await (await after.peer()).request("services.list", {})
    assert told["ssh"]["on"] is False
    await after.close()


async def test_programs_nobody_knows_are_shown(lab: SecurityLab) -> None:
    services = lab.security.services
    services._listeners = lambda: [
        Listener("tcp", "0.0.0.0", 8443, "web"),
        Listener("tcp", "127.0.0.1", 8080, "web"),
        Listener("tcp", "0.0.0.0", 8080, "python3"),
        Listener("tcp", "0.0.0.0", 4444, "nc"),
        Listener("tcp", "127.0.0.1", 5555, "cups"),
    ]
    web = await lab.peer()
    told = await web.request("services.list", {})
    states = {s["slug"]: s["state"] for s in told["services"]}
    assert (states["https"], states["http"], states["ssh"]) == ("on", "on", "off")
    unknown = {(u["port"], u["local"]) for u in told["unknown"]}
    assert unknown == {(4444, False), (5555, True), (8080, False)}
    assert services.declared() == [("tcp", 8443, 8443), ("tcp", 8080, 8080)]
    services._listeners = list
    states = {s["slug"]: s["state"] for s in (await web.request("services.list", {}))["services"]}
    assert states["https"] == "silent"


async def test_usb_sockets_are_switched(lab: SecurityLab) -> None:
    rules = lab.machine.path("/run/udev/rules.d/60-nvr-usb.rules")
    await lab.until(rules.exists)
    web = await lab.peer()
    for mode, device, storage in (("no_storage", 1, 0), ("off", 0, 0), ("on", 1, 1)):
        await lab.set(web, "services", usb=mode)
        wanted = (
            f'!="09", ATTR{{authorized}}="{device}"',
            f'=="08", ATTR{{authorized}}="{storage}"',
        )
        await lab.until(lambda wanted=wanted: all(w in rules.read_text() for w in wanted))
