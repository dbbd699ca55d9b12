"""Page Web: where browsers reach the box, and how long they stay signed in."""

from __future__ import annotations

from typing import ClassVar

from appliance.settings.declare import (
    Conflict,
    Page,
    PageSpec,
    ResetGroup,
    Restart,
    Section,
    Widget,
    setting,
)
from appliance.settings.values import HostNameList
from appliance.text import _


class WebPage(Page):
    """NETWORK > Web access."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="web",
        title=_("Web access"),
        menu="NETWORK",
        help=_("How browsers and other programs reach this recorder."),
        sections=(
            Section("ports", _("Ports")),
            Section("names", _("Names")),
            Section("sessions", _("Sessions")),
        ),
        group=ResetGroup.NETWORK,
        synonyms=(_("browser"), _("network"), "https"),
    )

    https_port: int = setting(
        8443,
        title=_("HTTPS port"),
        minimum=1,
        maximum=65535,
        restart=Restart.WEB,
        section="ports",
        requirements=("D2-WB-02",),
    )
    http_loopback: bool = setting(
        True,
        title=_("Plain HTTP on this machine"),
        help=_("Only programs on the recorder itself can use it."),
        restart=Restart.WEB,
        section="ports",
    )
    http_port: int = setting(
        8080,
        title=_("HTTP port on this machine"),
        minimum=1,
        maximum=65535,
        restart=Restart.WEB,
        visible_when={"http_loopback": [True]},
        section="ports",
    )
    host_names: HostNameList = setting(
        "",
        title=_("Further names"),
        help=_(
            "Names under which browsers may reach this recorder, such as nvr.example.org; several "
            "are separated by spaces or commas. Its addresses and its own name always work."
        ),
        max_length=1024,
        placeholder="nvr.example.org",
        section="names",
    )
    session_minutes: int = setting(
        30,
        title=_("Sign out after"),
        help=_(
            "Idle time after which a browser has to sign in again. 0: not before its longest "
            "session is over."
        ),
        unit="min",
        minimum=0,
        maximum=1440,
        widget=Widget.DURATION,
        section="sessions",
        synonyms=(_("logout time"), _("log out"), _("timeout")),
        requirements=("D2-SY-06",),
    )
    open_page_counts: bool = setting(
        True,
        title=_("An open page counts as use"),
        help=_(
            "A wall that is watched stays signed in until its longest session. Off: without mouse "
            "and keyboard for the time above, an open page warns for a minute and signs out."
        ),
        section="sessions",
        requirements=("N13.6",),
    )
    session_hours: int = setting(
        12,
        title=_("Longest session"),
        help=_("After this a browser has to sign in again in any case."),
        unit="h",
        minimum=1,
        maximum=168,
        widget=Widget.DURATION,
        section="sessions",
    )

    def conflicts(self) -> list[Conflict]:
        """Two services cannot share a port."""
        if self.http_loopback and self.http_port == self.https_port:
            text = _("must not be the HTTPS port")
            other = _("must not be the HTTP port on this machine")
            return [Conflict(("http_port",), "conflict", text, others={"https_port": other})]
        return []
