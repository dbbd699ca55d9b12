"""From a change of the page to real packets: supervisor, helper, nftables, a real neighbour."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from appliance.firewall.plan import Opening, Plan, plan_to_json
from appliance.firewall.source import Ports
from appliance.helper.contract import HelperError
from appliance.helper.host import Finished
from appliance.helper.registry import load_domains
from appliance.helper.requests.firewall import SetRules
from appliance.helper.sim_system import Machine, SimulatedSystem
from tests.firewall.lab import BOX, Lab, possible
from tests.supervisor.security_lab import SecurityLab

WEB = 8443
pytestmark = pytest.mark.skipif(not possible(), reason="no namespaces can be made here")


class LabSystem(SimulatedSystem):
    """A played computer whose nftables is the real one of the box's namespace."""

    def __init__(self, machine: Machine, lab: Lab) -> None:
        super().__init__(machine)
        self._lab = lab

    async def run(self, path: str, arguments: Sequence[str], **how: Any) -> Finished:
        if not path.endswith("/nft"):
            return await super().run(path, arguments, **how)
        text = how["stdin"].decode()
        done = await asyncio.to_thread(self._lab.box, path, *arguments, stdin=text, check=False)
        return Finished(done.returncode, done.stdout.encode(), done.stderr.encode())


@pytest.fixture(scope="module")
def lab() -> Any:
    made = Lab()
    made.listen((WEB, 9999), ())
    yield made
    made.close()


@pytest.fixture
async def box(tmp_path: Path, lab: Lab) -> AsyncIterator[SecurityLab]:
    system = LabSystem(Machine(tmp_path / "computer"), lab)
    found = SecurityLab(tmp_path, trial_s=1.0, system=system)
    await found.start()
    yield found
    await found.close()


async def reached(lab: Lab, source: str = "10.9.0.2", port: int = WEB) -> str:
    return (await asyncio.to_thread(lab.knock, [("tcp", source, BOX[0], port)]))[0]


async def until_reached(lab: Lab, wanted: str, source: str = "10.9.0.2") -> None:
    async with asyncio.timeout(10):
        while await reached(lab, source) != wanted:
            pass


async def test_who_cuts_themselves_off_is_let_in_again_by_itself(
    box: SecurityLab, lab: Lab
) -> None:
    web = await box.peer()
    for _round in range(3):
        await box.set(web, "firewall", mode="block", blocked=[{"source": "10.9.0.2"}])
        await until_reached(lab, "dropped")
        await until_reached(lab, "open")
        assert box.store.raw("firewall")["mode"] == "off"


async def test_kept_rules_stay_and_no_undeclared_port_is_reached(
    box: SecurityLab, lab: Lab
) -> None:
    web = await box.peer()
    await box.set(web, "firewall", mode="allow", allowed=[{"source": "10.9.0.3"}])
    await until_reached(lab, "dropped")
    params = {"address": "10.9.0.3", "connected_s": time.monotonic(), "actor": "admin"}
    await web.request("firewall.keep", params)
    assert [await reached(lab, f"10.9.0.{host}") for host in (2, 3)] == ["dropped", "open"]
    assert await reached(lab, "10.9.0.3", 9999) == "dropped"


async def test_the_helper_takes_rules_on_trial_back_when_nobody_else_does(
    box: SecurityLab, lab: Lab
) -> None:
    """The supervisor is out of the way: only the helper's own clock is left."""
    await until_reached(lab, "open")
    await box.security.firewall.close()
    nobody = plan_to_json(Plan())
    await box.helper.call(SetRules(plan=nobody, trial_s=1.0))
    await until_reached(lab, "dropped")
    await until_reached(lab, "open")


async def test_what_was_kept_is_in_force_when_the_helper_starts(box: SecurityLab, lab: Lab) -> None:
    await until_reached(lab, "open")
    await box.security.firewall.close()
    plan = plan_to_json(Plan(openings=(Opening("tcp", Ports(9999, 9999), "Other"),)))
    await box.helper.call(SetRules(plan=plan))
    lab.nft("flush ruleset")
    domain = next(domain for domain in load_domains() if domain.name == "firewall")
    await domain.starters[0](box.helper_server._hosts["firewall"])
    assert (await reached(lab), await reached(lab, port=9999)) == ("dropped", "open")


async def test_rules_of_somebodys_own_making_are_refused(box: SecurityLab, lab: Lab) -> None:
    for change in (
        {"entries": [["10.0.0.1 accept; flush ruleset", ""]]},
        {"mode": "open"},
        {"openings": [["tcp", "1-65535; accept", "x", False]]},
    ):
        with pytest.raises((HelperError, ValueError)):
            await box.helper.call(SetRules(plan={**plan_to_json(Plan()), **change}))
        raw = {"plan": {**plan_to_json(Plan()), **change}}
        with pytest.raises(HelperError) as caught:
            await box.helper.call(SetRules.model_construct(**raw, trial_s=None))
        assert caught.value.code == "helper.refused"
