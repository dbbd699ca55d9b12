"""Page Channels: which camera each channel shows, and how it is recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import (
    Collection,
    Conflict,
    Item,
    Page,
    PageSpec,
    Section,
    Widget,
    setting,
)
from appliance.settings.secret import Secret
from appliance.settings.values import CameraUrl, Line, keeping_conflict, split_credentials
from appliance.text import _

MAX_CHANNELS = 64


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return url


def _check_fingerprint(value: str) -> str:
    value = value.replace(":", "").replace(" ", "").lower()
    if value and not re.fullmatch("[0-9a-f]{64}", value):
        raise PydanticCustomError("fingerprint", _("must be a SHA-256 of 64 hexadecimal digits"))
    return value


class Channel(Item):
    """One channel and the camera bound to it."""

    id: int = setting(..., title=_("Channel"), minimum=1, maximum=MAX_CHANNELS, section="camera")
    name: Line = setting("", title=_("Name"), max_length=63, section="camera")
    enabled: bool = setting(
        True,
        title=_("In use"),
        help=_("Off: no connection is made to the camera; its footage stays."),
        section="camera",
    )
    main_url: CameraUrl = setting(
        "",
        title=_("Main stream"),
        help=_("The full picture, such as rtsp://192.168.1.10:554/stream1."),
        max_length=1024,
        widget=Widget.URL,
        section="camera",
        requirements=("D1-PL-01", "D2-FQ-17"),
    )
    sub_url: CameraUrl = setting(
        "",
        title=_("Sub stream"),
        help=_("A smaller picture of the same camera, for grids and phones. May stay empty."),
        max_length=1024,
        widget=Widget.URL,
        section="camera",
    )
    username: Line = setting("", title=_("User"), max_length=64, section="camera")
    password: Secret = setting(
        "",
        title=_("Password"),
        help=_("Kept encrypted. It can be replaced here, but not read."),
        secret=True,
        widget=Widget.PASSWORD,
        section="camera",
    )
    transport: Literal["tcp", "udp", "multicast", "tls", "http"] = setting(
        "tcp",
        title=_("Transport"),
        help=_("TCP loses nothing on the way and is right nearly always."),
        choices={
            "tcp": "TCP",
            "udp": "UDP",
            "multicast": _("Multicast"),
            "tls": "TLS",
            "http": _("RTSP over HTTP"),
        },
        section="connection",
        requirements=("N3.14", "T7.3"),
    )
    allow_basic: bool = setting(
        False,
        title=_("Allow the password in clear"),
        help=_(
            "Some old cameras know no better way. Off: the password is only sent as a digest "
            "or inside TLS."
        ),
        section="connection",
        requirements=("N13.1", "T10.5"),
    )
    tls_fingerprint: Annotated[str, AfterValidator(_check_fingerprint)] = setting(
        "",
        title=_("Certificate of the camera"),
        help=_(
            "Noted at the first encrypted connection; another certificate is then refused. Empty "
            "this after the camera was replaced or reset."
        ),
        max_length=95,
        section="connection",
    )
    engine: Literal["auto", "native", "libav"] = setting(
        "auto",
        title=_("Receiver"),
        help=_("Automatic takes our own receiver, and the compatible one where that is needed."),
        choices={"auto": _("Automatic"), "native": _("Own"), "libav": _("Compatible")},
        section="connection",
    )
    mode: Literal["auto", "manual", "off"] = setting(
        "auto",
        title=_("Record"),
        help=_("Auto follows the schedule, Manual records round the clock, Off records nothing."),
        choices={"auto": _("Auto"), "manual": _("Manual"), "off": _("Off")},
        section="record",
        requirements=("D1-RC-21", "D1-RC-22", "D1-RC-23", "A9.10"),
    )
    record_main: bool = setting(
        True,
        title=_("Record the main stream"),
        section="record",
        visible_when={"mode": ["auto", "manual"]},
        requirements=("N8.5", "A9.10"),
    )
    record_sub: bool = setting(
        True,
        title=_("Record the sub stream"),
        help=_("About 12 % more space; grids and phones then play back smoothly."),
        section="record",
        visible_when={"mode": ["auto", "manual"]},
        requirements=("N8.5", "A9.10"),
    )
    audio: bool = setting(True, title=_("Record sound"), section="record")
    pre_record_s: int = setting(
        5,
        title=_("Pre-record"),
        help=_("Footage kept from before an event. Held in memory until the event comes."),
        unit="s",
        minimum=0,
        maximum=30,
        widget=Widget.DURATION,
        section="record",
        requirements=("D1-RC-02", "N8.4", "A9.9"),
    )
    post_record_s: int = setting(
        30,
        title=_("Post-record"),
        help=_("How long recording goes on after an event."),
        unit="s",
        minimum=0,
        maximum=600,
        widget=Widget.DURATION,
        section="record",
        requirements=("N8.4",),
    )
    priority: int = setting(
        5,
        title=_("Importance"),
        help=_("When a disk is too slow, the least important channels give way first."),
        minimum=1,
        maximum=9,
        section="record",
    )
    expiry_days: int | None = setting(
        None,
        title=_("Delete after"),
        help=_("Older footage of this channel is deleted and cannot be recovered. 0: never."),
        unit=_("days"),
        minimum=0,
        maximum=3650,
        empty_title=_("As on the Storage page"),
        section="keep",
        requirements=("D2-ST-03", "N8.6"),
    )
    wanted_days: int | None = setting(
        None,
        title=_("Keep at least"),
        help=_("A warning is raised when the disks hold less than this. 0: no warning."),
        unit=_("days"),
        minimum=0,
        maximum=3650,
        empty_title=_("As on the Storage page"),
        section="keep",
    )

    @classmethod
    def guard(cls, before: Mapping[str, Any], changes: Mapping[str, Any]) -> list[Conflict]:
        """A stored password is for the camera it was entered for: another host needs it again."""
        if not before.get("password") or isinstance(changes.get("password"), str):
            return []
        known = {_host(before.get(name, "")) for name in ("main_url", "sub_url")}
        for name in ("main_url", "sub_url"):
            url = changes.get(name)
            if isinstance(url, str) and url and _host(url) not in known:
                text = _("must be entered again, since the address is that of another camera")
                return [Conflict(("password",), "enter_again", text)]
        return []

    @classmethod
    def tidy(cls, changes: dict[str, Any]) -> dict[str, Any]:
        """Move user and password out of pasted addresses into their own fields."""
        tidied = dict(changes)
        for name in ("main_url", "sub_url"):
            value = tidied.get(name)
            if not isinstance(value, str):
                continue
            url, user, password = split_credentials(value.strip())
            tidied[name] = url
            if user and not tidied.get("username"):
                tidied["username"] = user
            if password and not isinstance(tidied.get("password"), str):
                tidied["password"] = password
        return tidied

    def conflicts(self) -> list[Conflict]:
        """A channel in use needs an address; keeping longer than deleting cannot be."""
        found = []
        if self.enabled and not self.main_url:
            text = _("is needed while the channel is in use")
            found.append(Conflict(("main_url",), "missing", text, mend={"enabled": False}))
        if self.expiry_days and self.wanted_days and self.wanted_days > self.expiry_days:
            found.append(keeping_conflict(self.wanted_days, self.expiry_days))
        return found


class ChannelsPage(Page):
    """CAMERA > Channels."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="channels",
        title=_("Channels"),
        menu="CAMERA",
        help=_("The cameras this recorder records."),
        sections=(Section("load", _("Load")),),
        collection=Collection(
            field="items",
            item_title=_("Channel"),
            capacity=MAX_CHANNELS,
            sections=(
                Section("camera", _("Camera")),
                Section("record", _("Recording")),
                Section("keep", _("Keeping")),
                Section("connection", _("Connection"), advanced=True),
            ),
        ),
    )

    incoming_limit_mbps: int = setting(
        320,
        title=_("Incoming bandwidth"),
        help=_("What this recorder can take in. Adding a camera beyond it is warned about."),
        unit="Mbit/s",
        minimum=1,
        maximum=10000,
        section="load",
    )
    items: list[Channel] = setting([], title=_("Channels"), max_length=MAX_CHANNELS)
