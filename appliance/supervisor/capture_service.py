"""Captures of packets over the bus: asked of the helper, which alone may listen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.helper.requests.capture import CHUNK_BYTES, ReadCapture, StartCapture, StopCapture
from appliance.supervisor.helper_service import HelperService
from appliance.text import _

ROLES = frozenset({"web"})


class CaptureService:
    """``capture.start``, ``capture.read`` and ``capture.stop``, with the fields of the verbs."""

    def __init__(self, bus: BusServer, helper: HelperService) -> None:
        self._helper = helper
        bus.handle("capture.start", self._start, roles=ROLES)
        bus.handle("capture.read", self._read, roles=ROLES)
        bus.handle("capture.stop", self._stop, roles=ROLES)

    async def _start(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        request = _made(StartCapture, params)
        return (await self._helper.call(request)).model_dump()

    async def _read(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        request = _made(ReadCapture, {"most": CHUNK_BYTES, **params})
        return (await self._helper.call(request)).model_dump()

    async def _stop(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        await self._helper.call(_made(StopCapture, params))
        return {}


def _made(model: Any, params: Mapping[str, Any]) -> Any:
    try:
        return model(**params)
    except ValidationError as error:
        fields = [
            {
                "path": ".".join(map(str, one["loc"])),
                "code": "wrong",
                "text": _("is not what it has to be"),
            }
            for one in error.errors(include_input=False, include_url=False)
        ]
        raise BusError("capture.invalid", _("Nothing was captured."), fields=fields) from None
