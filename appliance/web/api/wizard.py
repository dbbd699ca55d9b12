"""The startup wizard: its steps, how far it is, putting it off (D1-WZ-*)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.web.asking import ask
from appliance.web.reach import reach
from appliance.web.reading import read_body
from appliance.web.routing import Route

_SMALL = 4096


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StepAnswer(BaseModel):
    """A step; `component` names what a face shows, `needed`: the box is not set up without it."""

    id: str
    title: str
    help: str
    component: str
    needed: bool
    state: Literal["open", "done", "skipped"]


class WizardAnswer(BaseModel):
    """All steps that this box has, in their order; `at`: the one last shown, "" at first."""

    steps: list[StepAnswer]
    at: str
    finished: bool
    later: bool


class MarkBody(_Strict):
    """What became of a step."""

    state: Literal["open", "done", "skipped"]


class EndBody(_Strict):
    """Finished, put off until later, or (neither) begun anew."""

    finished: bool = False
    later: bool = False


class ShowBody(_Strict):
    """The step that is looked at."""

    step: str = Field(max_length=64)


class ReachedAnswer(BaseModel):
    """What was tried: the router (gateway) or a name server (names), and how it went in words."""

    what: Literal["gateway", "names"]
    address: str
    ok: bool
    text: str


def routes() -> list[Route]:
    """Routes of this subject."""
    base, system = "/api/v1/wizard", Permission.SYSTEM
    errors = ("wizard.no_step", "wizard.not_saved", "supervisor_away")
    return [
        Route("GET", base, get_wizard, system, "Steps of the set-up and how far it is", "setup",
              answer=WizardAnswer, errors=("supervisor_away",)),
        Route("POST", f"{base}/steps/{{name}}", post_mark, system,
              "Mark a step as done, skipped or open", "setup", body=MarkBody, answer=WizardAnswer,
              body_bytes=_SMALL, errors=errors),
        Route("POST", f"{base}/show", post_show, system, "Note which step is looked at", "setup",
              body=ShowBody, answer=WizardAnswer, body_bytes=_SMALL, errors=errors),
        Route("POST", f"{base}/reach", post_reach, Permission.NETWORK,
              "Try whether router and name servers answer", "setup", answer=ReachedAnswer,
              answer_list=True, body_bytes=_SMALL),
        Route("POST", f"{base}/end", post_end, system, "End the set-up, put it off, begin anew",
              "setup", body=EndBody, answer=WizardAnswer, body_bytes=_SMALL, errors=errors),
    ]  # fmt: skip


async def get_wizard(request: web.Request) -> web.Response:
    """Answer how far it is."""
    return web.json_response(await ask(request, "wizard.get"))


async def post_mark(request: web.Request) -> web.Response:
    """Mark a step."""
    body = await read_body(request, MarkBody)
    step = request.match_info["name"]
    return web.json_response(await ask(request, "wizard.mark", step=step, state=body.state))


async def post_show(request: web.Request) -> web.Response:
    """Note where the person is, so that the set-up goes on there."""
    body = await read_body(request, ShowBody)
    return web.json_response(await ask(request, "wizard.show", step=body.step))


async def post_end(request: web.Request) -> web.Response:
    """End it or put it off."""
    body = await read_body(request, EndBody)
    answer = await ask(request, "wizard.end", finished=body.finished, later=body.later)
    return web.json_response(answer)


async def post_reach(_request: web.Request) -> web.Response:
    """Try them; nothing is changed."""
    return web.json_response([asdict(one) for one in await reach()])
