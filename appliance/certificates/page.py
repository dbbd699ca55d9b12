"""Page Certificates: when it is reminded of the end of one."""

from __future__ import annotations

from typing import ClassVar

from appliance.settings.declare import Page, PageSpec, Section, Widget, setting
from appliance.text import _


class CertificatesPage(Page):
    """SECURITY > Certificates."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="certificates",
        title=_("Certificates"),
        menu="SECURITY",
        help=_(
            "By its certificate a browser knows that it speaks to this recorder. Imported and "
            "requested ones stand above, with what shows them."
        ),
        sections=(Section("reminder", _("Reminder")),),
        synonyms=("TLS", "SSL", "HTTPS", "CSR", "CA", "PKCS#12", _("expiry")),
    )

    remind_days: int = setting(
        7,
        title=_("Remind before the end"),
        help=_(
            "A certificate that ends is an event so long before. The recorder renews its own by "
            "itself."
        ),
        unit=_("days"),
        minimum=1,
        maximum=30,
        widget=Widget.DURATION,
        section="reminder",
        requirements=("N13.10",),
    )
