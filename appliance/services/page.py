"""Page Services: remote shell, USB and serial ports; the table of what listens stands above."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import (
    Conflict,
    Fields,
    Page,
    PageSpec,
    Section,
    Widget,
    setting,
)
from appliance.settings.values import Line
from appliance.text import _

KEY_KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
LEAST_RSA_BYTES = 256
MOST_KEYS = 16
_COMMENT = re.compile(r"[^ -~]|\"")


def read_key(text: str) -> str:
    """Return an OpenSSH public key (RFC 4253 section 6.6) as kind, base64 and a plain comment.

    Options in front are not taken: they could name a command.  Raises ValueError in words.
    """
    if "PRIVATE KEY" in text:
        raise ValueError(_("must be the public key; keep the private one to yourself"))
    kind, _space, rest = text.strip().partition(" ")
    body, _space, comment = rest.strip().partition(" ")
    if kind not in KEY_KINDS:
        raise ValueError(_('must be a public key such as "ssh-ed25519 AAAA... name"'))
    try:
        raw = base64.b64decode(body, validate=True)
    except binascii.Error:
        raise ValueError(_("must be a whole public key; this one is damaged")) from None
    length = int.from_bytes(raw[:4], "big")
    if raw[4 : 4 + length] != kind.encode() or len(raw) < length + 36:
        raise ValueError(_("must be a whole public key; this one is damaged"))
    if kind == "ssh-rsa" and len(raw) < LEAST_RSA_BYTES + length:
        raise ValueError(_("must be a stronger key: RSA of 2048 bits or more, or Ed25519"))
    return f"{kind} {body} {_COMMENT.sub('', comment.strip())[:63]}".strip()


def _check_key(value: str) -> str:
    try:
        return read_key(value)
    except ValueError as error:
        raise PydanticCustomError("ssh_key", str(error)) from None


class SshKey(Fields):
    """A public key that opens the remote shell."""

    key: Annotated[str, AfterValidator(_check_key)] = setting(
        ..., title=_("Public key"), max_length=2048, placeholder="ssh-ed25519 AAAA... name"
    )
    note: Line = setting("", title=_("Whose"), max_length=63)


class ServicesPage(Page):
    """SECURITY > Services."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="services",
        title=_("Services"),
        menu="SECURITY",
        help=_("What can be reached from outside, and which sockets of the box work."),
        sections=(Section("ssh", _("Remote shell (SSH)")), Section("sockets", _("Sockets"))),
        synonyms=(_("port"), "SSH", "USB", _("listen")),
    )

    ssh_port: int = setting(
        22,
        title=_("SSH port"),
        minimum=1,
        maximum=65535,
        section="ssh",
        requirements=("D2-AP-56",),
    )
    ssh_minutes: int = setting(
        60,
        title=_("SSH stays on for"),
        help=_("Then it goes off by itself, and with each restart of the recorder."),
        unit="min",
        minimum=5,
        maximum=1440,
        widget=Widget.DURATION,
        section="ssh",
        requirements=("D2-SE-14", "N13.8"),
    )
    ssh_keys: list[SshKey] = setting(
        [],
        title=_("Public keys that open it"),
        help=_("SSH takes keys only, never a password. Without a key it cannot be switched on."),
        widget=Widget.TABLE,
        max_length=MOST_KEYS,
        section="ssh",
        requirements=("D2-SE-14",),
    )
    usb: Literal["on", "no_storage", "off"] = setting(
        "on",
        title=_("USB sockets"),
        choices={
            "on": _("On"),
            "no_storage": _("Mouse and keyboard, no disks and sticks"),
            "off": _("Off"),
        },
        section="sockets",
        synonyms=(_("stick"), _("physical protection")),
        requirements=("D2-AP-52",),
    )
    serial: bool = setting(
        True,
        title=_("Serial sockets (RS-232, RS-485)"),
        help=_("Off: nothing is sent or heard there, also no PTZ and no alarm box."),
        section="sockets",
        synonyms=(_("physical protection"),),
        requirements=("D2-AP-52",),
    )

    def conflicts(self) -> Iterator[Conflict]:
        """A key stands once."""
        bodies = [entry.key.split()[1] for entry in self.ssh_keys]
        for number, body in enumerate(bodies):
            if body in bodies[:number]:
                text = _("is in the list already")
                yield Conflict(("ssh_keys", number, "key"), "twice", text)
