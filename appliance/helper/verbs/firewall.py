"""The firewall: rules of nftables made of a plan, checked, set in one transaction (D2-SE-30)."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from appliance.firewall.plan import plan_of_json
from appliance.firewall.ruleset import empty_ruleset, ruleset
from appliance.helper.contract import HelperError
from appliance.helper.domain import Domain
from appliance.helper.host import Host
from appliance.helper.requests.firewall import RulesSet, SetRules

KEPT = "/var/lib/nvr-helper/firewall.json"
TRIAL = "trial"
DOMAIN = Domain("firewall", programs={"nft": "/usr/sbin/nft"}, files=(KEPT,))
_log = logging.getLogger(__name__)


@DOMAIN.verb(SetRules)
async def set_rules(request: SetRules, host: Host) -> RulesSet:
    """Put rules in force; those on trial go by themselves."""
    await _put(request.plan, host)
    host.drop(TRIAL)
    if request.trial_s is not None:
        host.keep(_take_back(request.trial_s, host), TRIAL)
    else:
        await host.write_file(KEPT, json.dumps(request.plan).encode(), mode=0o600)
    return RulesSet(simulated=host.simulated)


@DOMAIN.on_start
async def restore(host: Host) -> None:
    """Have the rules that were kept in force before anybody asks for them."""
    kept = await _kept(host)
    if kept is not None:
        await _put(kept, host)


async def _take_back(after_s: float, host: Host) -> None:
    await asyncio.sleep(after_s)
    kept = await _kept(host)
    if kept is None:
        await _feed(empty_ruleset(), host)
    else:
        await _put(kept, host)
    _log.warning("The rules on trial were not kept; the former ones are in force again")


async def _kept(host: Host) -> dict[str, Any] | None:
    raw = await host.read_file(KEPT)
    if raw is None:
        return None
    try:
        kept = json.loads(raw)
        plan_of_json(kept)
    except (ValueError, TypeError, AttributeError) as error:
        _log.error("The rules kept cannot be read: %s", error)
        return None
    assert isinstance(kept, dict)
    return kept


async def _put(plan: dict[str, Any], host: Host) -> None:
    await _feed(ruleset(plan_of_json(plan)), host)


async def _feed(text: str, host: Host) -> None:
    """Check, then set: what nft does not take changes nothing."""
    for options in (("-c", "-f", "-"), ("-f", "-")):
        done = await host.run("nft", *options, stdin=text.encode())
        if done.code != 0:
            raise HelperError(
                "firewall.refused", f"nftables refuses the rules: {done.complaint or done.code}"
            )
