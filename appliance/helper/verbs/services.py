"""Remote shell for a limited time, by key only (D2-SE-14); USB sockets on and off (D2-AP-52)."""

from __future__ import annotations

from appliance.helper.contract import Done
from appliance.helper.domain import Domain
from appliance.helper.host import Host
from appliance.helper.requests.services import CloseSsh, GetSsh, OpenSsh, SetUsb, SshState

UNIT = "nvr-ssh.service"
CONFIG = "/run/nvr-ssh/sshd_config"
KEYS = "/run/nvr-ssh/authorized_keys"
HOST_KEY = "/var/lib/nvr-helper/ssh_host_ed25519_key"
USB_RULES = "/run/udev/rules.d/60-nvr-usb.rules"

DOMAIN = Domain(
    "services",
    programs={
        "systemctl": "/usr/bin/systemctl",
        "systemd-run": "/usr/bin/systemd-run",
        "ssh-keygen": "/usr/bin/ssh-keygen",
        "sshd": "/usr/sbin/sshd",
        "udevadm": "/usr/bin/udevadm",
    },
    files=(CONFIG, KEYS, HOST_KEY, USB_RULES),
)


def sshd_config(port: int) -> str:
    """Return a configuration for sshd: keys only, nothing passed on (man page sshd_config)."""
    return "\n".join(
        (
            f"Port {port}",
            f"HostKey {HOST_KEY}",
            f"AuthorizedKeysFile {KEYS}",
            "AllowUsers root",
            "PermitRootLogin prohibit-password",
            "AuthenticationMethods publickey",
            "PubkeyAuthentication yes",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "MaxAuthTries 3",
            "MaxStartups 4:50:8",
            "LoginGraceTime 30",
            "DisableForwarding yes",
            "PermitUserEnvironment no",
            "PidFile none",
            "",
        )
    )


def usb_rules(mode: str) -> str:
    """Return rules of udev(7) that authorise USB devices, or their storage, or do not.

    Hubs (class 09) always work: behind them is what is soldered in.
    """
    device = 'ACTION=="add|change", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device"'
    storage = 'ACTION=="add|change", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_interface"'
    allowed, kept = int(mode != "off"), int(mode == "on")
    return (
        f'{device}, ATTR{{bDeviceClass}}!="09", ATTR{{authorized}}="{allowed}"\n'
        f'{storage}, ATTR{{bInterfaceClass}}=="08", ATTR{{authorized}}="{kept}"\n'
    )


@DOMAIN.verb(OpenSsh)
async def open_ssh(request: OpenSsh, host: Host) -> SshState:
    """Start sshd as a unit that the service manager ends in time, whoever else is alive then."""
    await host.run("systemctl", "stop", UNIT)
    if await host.read_file(HOST_KEY) is None:
        await host.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", HOST_KEY)
    keys = "".join(f"restrict,pty {key}\n" for key in request.keys)
    await host.write_file(KEYS, keys.encode(), mode=0o600)
    await host.write_file(CONFIG, sshd_config(request.port).encode(), mode=0o600)
    await host.must("sshd", "-t", "-f", CONFIG)
    await host.must(
        "systemd-run",
        "--quiet",
        "--collect",
        f"--unit={UNIT}",
        f"--property=RuntimeMaxSec={request.seconds}",
        "--property=RuntimeDirectory=sshd",
        "/usr/sbin/sshd",
        "-D",
        "-e",
        "-f",
        CONFIG,
    )
    return await _state(host)


@DOMAIN.verb(CloseSsh)
async def close_ssh(_request: CloseSsh, host: Host) -> SshState:
    """End the unit with all its processes."""
    await host.run("systemctl", "stop", UNIT)
    await host.remove_file(KEYS)
    await host.remove_file(CONFIG)
    return await _state(host)


@DOMAIN.verb(GetSsh)
async def get_ssh(_request: GetSsh, host: Host) -> SshState:
    """Ask the service manager."""
    return await _state(host)


@DOMAIN.verb(SetUsb)
async def set_usb(request: SetUsb, host: Host) -> Done:
    """Write the rules and have them applied to what is plugged in."""
    await host.write_file(USB_RULES, usb_rules(request.mode).encode())
    await host.must("udevadm", "control", "--reload")
    await host.must("udevadm", "trigger", "--action=change", "--subsystem-match=usb")
    return Done()


async def _state(host: Host) -> SshState:
    done = await host.run("systemctl", "is-active", UNIT)
    return SshState(running=done.text.strip() == "active", simulated=host.simulated)
