"""The pages there are, in the order of the menu."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.settings.declare import Page
from appliance.settings.pages.channels import ChannelsPage
from appliance.settings.pages.general import GeneralPage
from appliance.settings.pages.record import RecordPage
from appliance.settings.pages.storage import StoragePage
from appliance.settings.pages.web import WebPage

PAGES: Mapping[str, type[Page]] = {
    page.spec.name: page for page in (GeneralPage, ChannelsPage, RecordPage, StoragePage, WebPage)
}
"""Page models by name."""
