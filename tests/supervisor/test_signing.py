"""The supervisor signs manifests of exports, and nothing else, for those who may ask."""

import pytest

from appliance.bus.errors import BusError
from appliance.storage.signing import DeviceKey, fingerprint, verify
from appliance.supervisor.signing_service import SigningService

DIGEST = "5a" * 32


class Bus:
    """Keeps what is registered."""

    def __init__(self):
        self.handlers, self.roles = {}, {}

    def handle(self, method, handler, *, roles=None):
        self.handlers[method], self.roles[method] = handler, roles

    async def ask(self, method="exports.sign", **params):
        return await self.handlers[method](params, None)


@pytest.fixture
def bus(tmp_path):
    made = Bus()
    SigningService(made, tmp_path / "state" / "device.key")
    return made


async def test_a_manifest_is_signed_with_the_key_of_the_box(bus, tmp_path):
    signed = await bus.ask(manifest_sha256=DIGEST, manifest_bytes=4096)
    assert verify(signed)
    assert signed["key"] == DeviceKey.load(tmp_path / "state" / "device.key").public
    assert signed["action"] == "exported"


async def test_nothing_else_can_be_slipped_in(bus):
    signed = await bus.ask(manifest_sha256=DIGEST, manifest_bytes=1, action="retired", block=7)
    assert (signed["action"], "block" in signed) == ("exported", False)
    for wrong in ({"manifest_sha256": "x", "manifest_bytes": 1}, {"manifest_bytes": 1},
                  {"manifest_sha256": DIGEST, "manifest_bytes": -1}, {}):  # fmt: skip
        with pytest.raises(BusError) as caught:
            await bus.ask(**wrong)
        assert caught.value.code == "exports.bad_request"


async def test_a_key_that_cannot_be_read_is_told(bus, tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "device.key").write_bytes(b"short")
    with pytest.raises(BusError) as caught:
        await bus.ask(manifest_sha256=DIGEST, manifest_bytes=1)
    assert caught.value.code == "exports.no_key"


def test_only_who_exports_may_ask(bus):
    assert sorted(bus.roles["exports.sign"]) == ["jobs", "web"]


async def test_the_fingerprint_is_told_for_people_to_compare(bus, tmp_path):
    told = await bus.ask("exports.key")
    assert told["key"] == DeviceKey.load(tmp_path / "state" / "device.key").public
    assert told["fingerprint"] == fingerprint(told["key"])
    assert len(told["fingerprint"].split()) == 8
