"""Services, firewall and certificates over the API (D2-SE-05, 14, 30, 40..43)."""

from __future__ import annotations

import base64
import datetime
from typing import Any

import pytest

from appliance.bus.errors import BusError
from appliance.certificates.pair import pair_of
from tests.certificates.authority import DAY, Made, make

PASSPHRASE = "heron under the bridge"
BASE = "/api/v1/certificates"


@pytest.fixture(scope="module")
def made() -> Made:
    now = datetime.datetime.now(datetime.UTC)
    return make("nvr.example.org", start=now - DAY, end=now + 90 * DAY)


async def test_an_import_is_read_here_and_handed_on_in_order(
    admin: Any, supervisor: Any, made: Made
) -> None:
    supervisor.answer("certificates.add", {})
    bodies = [
        {"pem": made.pem, "key": made.key_pem(PASSPHRASE), "passphrase": PASSPHRASE},
        {"pkcs12": base64.b64encode(made.p12(PASSPHRASE)).decode(), "passphrase": PASSPHRASE},
    ]
    for body in bodies:
        assert await admin.ask("POST", f"{BASE}/import", {"id": "office", **body}) == (
            200,
            {"id": "office"},
        )
        method, params = supervisor.asked[-1]
        assert method == "certificates.add"
        assert pair_of(params["key"], params["chain"]).leaf == made.certificate
        assert "passphrase" not in params
        assert params["actor"] == "admin@127.0.0.1"


async def test_what_is_wrong_with_an_import_is_named_by_field(
    admin: Any, supervisor: Any, made: Made
) -> None:
    bad = [
        ({"pem": made.pem, "key": made.key_pem(PASSPHRASE), "passphrase": "x"}, "passphrase"),
        ({"pem": made.pem, "key": make("other").key_pem()}, "key"),
        ({"pem": "", "key": made.key_pem()}, "pem"),
        ({"pkcs12": "%%%"}, "pkcs12"),
        ({"pkcs12": base64.b64encode(b"no").decode()}, "pkcs12"),
    ]
    for body, field in bad:
        status, answer = await admin.ask("POST", f"{BASE}/import", {"id": "office", **body})
        assert (status, [f["path"] for f in answer["fields"]]) == (422, [field]), body
        assert "PRIVATE" not in str(answer)
    assert not any(method == "certificates.add" for method, _params in supervisor.asked)


async def test_a_certificate_alone_is_taken_for_the_answer_to_a_request(
    admin: Any, supervisor: Any, made: Made
) -> None:
    supervisor.answer("certificates.complete", {"id": "signed"})
    assert await admin.ask("POST", f"{BASE}/import", {"pem": made.pem}) == (200, {"id": "signed"})
    assert supervisor.asked[-1][1]["pem"] == made.pem


async def test_the_file_to_save_is_a_pem(admin: Any, supervisor: Any, made: Made) -> None:
    supervisor.answer("certificates.text", {"pem": made.pem})
    async with admin.client.get(f"{BASE}/office/file") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="office.pem"'
        assert await answer.text() == made.pem


async def test_one_in_use_is_a_conflict(admin: Any, supervisor: Any) -> None:
    supervisor.answer("certificates.remove", BusError("certificates.in_use", "It is shown."))
    status, answer = await admin.ask("DELETE", f"{BASE}/office")
    assert (status, answer["code"]) == (409, "certificates.in_use")


async def test_the_preview_asks_for_everybody_who_is_signed_in(admin: Any, supervisor: Any) -> None:
    supervisor.answer("firewall.preview", {"cut_off": [], "you": False})
    body = {"values": {"mode": "off"}}
    told = {"cut_off": [], "you": False}
    assert await admin.ask("POST", "/api/v1/firewall/preview", body) == (200, told)
    params = supervisor.asked[-1][1]
    assert params["callers"] == [{"name": "admin", "address": "127.0.0.1"}]
    assert params["address"] == "127.0.0.1"


async def test_a_refused_keep_ends_its_connection_so_that_the_next_is_a_new_one(
    admin: Any, supervisor: Any
) -> None:
    supervisor.answer("firewall.keep", BusError("firewall.old_connection", "Too old."))
    headers = {"X-CSRF-Token": admin.csrf}
    async with admin.client.post("/api/v1/firewall/keep", json={}, headers=headers) as answer:
        assert (answer.status, answer.headers["Connection"]) == (409, "close")
    supervisor.answer("firewall.keep", {})
    assert (await admin.ask("POST", "/api/v1/firewall/keep", {}))[0] == 204


async def test_the_remote_shell_is_switched_with_a_name(admin: Any, supervisor: Any) -> None:
    supervisor.answer("services.ssh", {})
    assert (await admin.ask("POST", "/api/v1/services/ssh", {"on": True}))[0] == 204
    assert supervisor.asked[-1][1] == {"on": True, "actor": "admin@127.0.0.1"}
    assert (await admin.ask("POST", "/api/v1/services/ssh", {"on": 3}))[0] == 422


async def test_only_hosts_of_the_list_set_the_clock(admin: Any, supervisor: Any) -> None:
    supervisor.answer("firewall.may_set_time", lambda params: {"allowed": params["address"] == "x"})
    status, answer = await admin.ask("POST", "/api/v1/time/set", {"utc": 1_800_000_000_000})
    assert (status, answer["code"]) == (403, "time.not_from_here")
    assert not any(method == "time.set" for method, _params in supervisor.asked)
