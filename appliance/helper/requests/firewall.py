"""The firewall's rules: a plan goes over, the helper makes the rules of it itself."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from appliance.firewall.plan import plan_of_json
from appliance.helper.contract import Answer, Request


def _check_plan(raw: dict[str, Any]) -> dict[str, Any]:
    try:
        plan_of_json(raw)
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from None
    return raw


class RulesSet(Answer):
    """They are in force; `simulated`: on a simulated computer."""

    simulated: bool


class SetRules(Request[RulesSet]):
    """Put the rules of a plan (`plan_to_json`) in force, all at once or not at all.

    With `trial_s` the rules kept last come back by themselves after so many seconds, unless
    another request comes first; without, these are kept, also over a restart.
    """

    verb: ClassVar[str] = "firewall.set"
    timeout_s: ClassVar[float] = 20.0
    plan: Annotated[dict[str, Any], AfterValidator(_check_plan)]
    trial_s: Annotated[float, Field(ge=1, le=600)] | None = None

    def shown(self) -> str:
        """Mode and number of entries."""
        return f"{self.plan['mode']}, {len(self.plan['entries'])} entries"
