"""What the media modules of one web process share, started and stopped with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from appliance.web.context import CONTEXT, WebContext
from appliance.web.media.box_settings import BoxSettings
from appliance.web.media.converter import Converter
from appliance.web.media.footage import Footage
from appliance.web.media.live_hub import LiveHub
from appliance.web.media.pictures import Pictures
from appliance.web.media.recorders import RecorderPool


@dataclass(slots=True)
class MediaService:
    """Connections to recorders, live streams, footage, pictures, the converter, settings."""

    recorders: RecorderPool
    live: LiveHub
    footage: Footage
    pictures: Pictures
    converter: Converter
    settings: BoxSettings

    async def close(self) -> None:
        """Stop everything."""
        await self.live.close()
        await self.pictures.close()
        await self.converter.close()
        await self.footage.close()
        await self.recorders.close()


MEDIA = web.AppKey("media", MediaService)


def make_service(context: WebContext) -> MediaService:
    """Return the service of a web process; nothing is connected yet."""

    def count() -> None:
        context.counters.media_units += 1

    recorders = RecorderPool(context.paths)
    footage = Footage(recorders)
    settings = BoxSettings(context.bus, footage.set_volumes)
    footage.prepare = settings.ensure
    converter = Converter()
    hub = LiveHub(recorders, converter, count)
    return MediaService(recorders, hub, footage, Pictures(), converter, settings)


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Start with the application, stop with it."""
    service = app[MEDIA] = make_service(app[CONTEXT])
    yield
    await service.close()


def media(request: web.Request) -> MediaService:
    """Return the media service of the application that serves `request`."""
    return request.config_dict[MEDIA]
