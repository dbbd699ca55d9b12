"""The scenes by name."""

from __future__ import annotations

from appliance.cameras.sim.scene import Scene
from appliance.cameras.sim.scenes.carpark import CarParkScene
from appliance.cameras.sim.scenes.door import DoorScene
from appliance.cameras.sim.scenes.reception import ReceptionScene
from appliance.cameras.sim.scenes.warehouse import WarehouseScene

SCENES: dict[str, type[Scene]] = {
    "door": DoorScene,
    "carpark": CarParkScene,
    "warehouse": WarehouseScene,
    "reception": ReceptionScene,
}


def make_scene(name: str, width: int, height: int, *, noise: int = 3) -> Scene:
    """Return the scene of that name, drawn for a size in pixels."""
    return SCENES[name](width, height, noise=noise)
