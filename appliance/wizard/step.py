"""What a step of the startup wizard is: told here, shown by any face (D1-WZ-*)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.health.facts import Facts


def always(_facts: Facts) -> bool:
    """Whether a step applies that every box has."""
    return True


def never(_facts: Facts) -> bool:
    """Whether a step is done that only a person can say that of."""
    return False


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    `id` is for programs and never changes; `title` and `help` are for people.  `component` names
    what a face shows: the browser and the screen each have one of that name.  `order` says where it
    stands (tens, so that others fit between).  `applies` tells from the facts whether this box has
    it at all; `done` whether what it asks for is there already, so that nobody has to go through
    it.  `needed`: it can be skipped, but the box is not set up without it.
    """

    id: str
    title: str
    help: str
    component: str
    order: int
    applies: Callable[[Facts], bool] = always
    done: Callable[[Facts], bool] = never
    needed: bool = False
