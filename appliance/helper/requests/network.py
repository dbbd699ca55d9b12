"""The network: what there is, making it otherwise for a time or for good, asking the segment."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from appliance.helper.contract import Answer, Done, Request
from appliance.network.plan import AddressText, InterfaceName, MacText, Plan
from appliance.network.state import NetworkState, WifiSite

MOST_ROLLBACK_S = 600


def _one_device(mac: str) -> str:
    if int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
        raise ValueError("the hardware address of no single device")
    return mac


class StateTold(Answer):
    """The state; `simulated`: of no real computer."""

    simulated: bool
    state: NetworkState


class ReadNetwork(Request[StateTold]):
    """What there is; `ignored` are net devices that are not the recorder's to set."""

    verb: ClassVar[str] = "network.read"
    alone: ClassVar[bool] = False
    ignored: tuple[InterfaceName, ...] = Field(default=(), max_length=64)


class Applied(Answer):
    """`handle` names what can be kept or undone, "" where it holds already."""

    handle: str


class ApplyNetwork(Request[Applied]):
    """Make it so; undone by itself after `rollback_s` unless kept, 0: it holds at once."""

    verb: ClassVar[str] = "network.apply"
    timeout_s: ClassVar[float] = 30.0
    plan: Plan
    rollback_s: int = Field(ge=0, le=MOST_ROLLBACK_S)
    ignored: tuple[InterfaceName, ...] = Field(default=(), max_length=64)

    def shown(self) -> str:
        """Return the interfaces and the time."""
        names = ", ".join(one.name for one in self.plan.interfaces)
        return f"{names or 'nothing'}, {self.rollback_s} s"


Handle = Annotated[str, Field(pattern=r"^[A-Za-z0-9/_]{1,128}$")]


class KeepNetwork(Request[Done]):
    """Let what was applied hold for good."""

    verb: ClassVar[str] = "network.keep"
    handle: Handle

    def shown(self) -> str:
        """Return the handle."""
        return self.handle


class RevertNetwork(Request[Done]):
    """Undo what was applied."""

    verb: ClassVar[str] = "network.revert"
    timeout_s: ClassVar[float] = 30.0
    handle: Handle

    def shown(self) -> str:
        """Return the handle."""
        return self.handle


class Bearers(Answer):
    """Hardware addresses of all others that answer."""

    macs: list[str]


class WhoHas(Request[Bearers]):
    """Ask the segment of an interface who bears an address; takes 1.2 s."""

    verb: ClassVar[str] = "network.who_has"
    alone: ClassVar[bool] = False
    interface: InterfaceName
    address: AddressText


class BindNeighbour(Request[Done]):
    """Fix a neighbour's hardware address; without one it is learned again."""

    verb: ClassVar[str] = "network.bind"
    interface: InterfaceName
    address: AddressText
    mac: Annotated[MacText, AfterValidator(_one_device)] | None

    def shown(self) -> str:
        """Return who is bound to what."""
        return f"{self.address} on {self.interface} to {self.mac or 'nothing'}"


class Sites(Answer):
    """The Wi-Fi networks in reach."""

    sites: list[WifiSite]


class ScanWifi(Request[Sites]):
    """Look for Wi-Fi networks."""

    verb: ClassVar[str] = "network.scan"
    interface: InterfaceName
