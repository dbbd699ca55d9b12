"""Page Watch: somebody outside is told while everything is recorded, and misses it when not."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import Page, PageSpec, Section, Widget, setting
from appliance.settings.secret import check_secret
from appliance.text import _


def _check_address(value: Any) -> Any:
    value = check_secret(value)
    if not isinstance(value, str) or not value:
        return value
    try:
        parts = urlsplit(value)
        well = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        well = False
    if not well or any(character.isspace() for character in value):
        text = _("must be an address such as https://example.org/ping/1234")
        raise PydanticCustomError("address", text)
    return value


PingAddress = Annotated[Any, PlainValidator(_check_address)]
"""An http or https address, kept as a secret: whoever has it can pretend to be this box."""


class HealthPage(Page):
    """MAINTAIN > Watch from outside."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="health",
        title=_("Watch from outside"),
        menu="MAINTAIN",
        help=_(
            "As long as every camera that should be recorded is, the recorder calls an address of "
            "your choice. A service that misses these calls tells you, even when the recorder "
            "has no power or no network."
        ),
        sections=(Section("ping", ""),),
        synonyms=(_("dead man's switch"), _("heartbeat"), _("ping"), _("health check")),
    )

    ping_url: PingAddress = setting(
        "",
        title=_("Address"),
        help=_("Of the service that waits for the calls. Empty: nobody is called."),
        secret=True,
        widget=Widget.PASSWORD,
        section="ping",
        placeholder="https://example.org/ping/1234",
    )
    ping_minutes: int = setting(
        5,
        title=_("Every"),
        help=_("Let the service wait for at least three times as long."),
        unit=_("min"),
        minimum=1,
        maximum=1440,
        widget=Widget.DURATION,
        section="ping",
    )
