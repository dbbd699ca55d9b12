"""The steps there are.  A part that has a step adds the name of its module here.

Such a module offers `STEPS`, a tuple of `Step`; its faces add a component of that name.
"""

from __future__ import annotations

import importlib

from appliance.wizard.step import Step

MODULES = ("appliance.wizard.steps",)


def steps(modules: tuple[str, ...] = MODULES) -> list[Step]:
    """Return every step in its order.  Raises ValueError where two have the same id."""
    found = [step for name in modules for step in importlib.import_module(name).STEPS]
    ids = [step.id for step in found]
    if len(set(ids)) != len(ids):
        raise ValueError(f"a step of the wizard is there twice: {sorted(ids)}")
    return sorted(found, key=lambda step: step.order)
