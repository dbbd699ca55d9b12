"""[board]: which board this is, and how it is recognised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from board.profile.section import Section

Hardware = Literal["real", "simulated"]


@dataclass(frozen=True, slots=True)
class Identity:
    """`compatible`: names in the device tree, one of which has to be there; none: any computer.

    `hardware`: "simulated" means that the bench stands in for every chip and line.
    """

    id: str
    name: str
    hardware: Hardware
    compatible: tuple[str, ...]


def read(section: Section) -> Identity:
    """Read the table; raise ProfileError."""
    identity = Identity(
        id=section.text("id", most=32),
        name=section.text("name"),
        hardware=cast("Hardware", section.choice("hardware", ("real", "simulated"), "real")),
        compatible=section.texts("compatible", most=8),
    )
    section.done()
    return identity
