"""How the box writes times and looks in a browser, for everybody who is signed in."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from appliance.accounts.permission import Permission
from appliance.web.asking import ask
from appliance.web.routing import Route


class HabitsAnswer(BaseModel):
    """Of the pages General and Display what every page of the browser needs."""

    name: str
    zone: str
    language: str
    date_format: str
    clock: Literal["24h", "12h"]
    week_start: Literal["monday", "sunday"]
    instant_playback_minutes: int
    channel_title: bool
    time_title: bool
    scheme: Literal["dark", "light"]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/habits", get_habits, Permission.SESSION,
              "How the box writes times and looks in a browser", "settings", answer=HabitsAnswer,
              errors=("supervisor_away",)),
    ]  # fmt: skip


async def get_habits(request: web.Request) -> web.Response:
    """Answer from the settings; nothing in them is secret or of a channel."""
    general = (await ask(request, "settings.get", page="general"))["values"]
    display = (await ask(request, "settings.get", page="display"))["values"]
    known = HabitsAnswer.model_validate({**display, **general})
    return web.json_response(known.model_dump())
