"""Remote shell and USB sockets."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from appliance.helper.contract import Answer, Done, Request
from appliance.services.page import MOST_KEYS, read_key

LEAST_S, MOST_S = 60, 86_400


class SshState(Answer):
    """Whether the remote shell runs; `simulated`: on a simulated computer."""

    running: bool
    simulated: bool


class OpenSsh(Request[SshState]):
    """Run the remote shell for so many seconds, opened by these public keys and nothing else."""

    verb: ClassVar[str] = "services.ssh_open"
    timeout_s: ClassVar[float] = 30.0
    port: int = Field(ge=1, le=65535)
    keys: list[Annotated[str, Field(max_length=2048), AfterValidator(read_key)]] = Field(
        min_length=1, max_length=MOST_KEYS
    )
    seconds: int = Field(ge=LEAST_S, le=MOST_S)

    def shown(self) -> str:
        """Port and time."""
        return f"port {self.port} for {self.seconds} s"


class CloseSsh(Request[SshState]):
    """End the remote shell and every connection through it."""

    verb: ClassVar[str] = "services.ssh_close"
    timeout_s: ClassVar[float] = 30.0


class GetSsh(Request[SshState]):
    """Tell whether the remote shell runs."""

    verb: ClassVar[str] = "services.ssh_state"
    alone: ClassVar[bool] = False


class SetUsb(Request[Done]):
    """Have the USB sockets work, work without storage, or not at all (D2-AP-52)."""

    verb: ClassVar[str] = "services.usb"
    timeout_s: ClassVar[float] = 30.0
    mode: Literal["on", "no_storage", "off"]

    def shown(self) -> str:
        """The mode."""
        return self.mode
