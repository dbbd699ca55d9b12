"""Telling systemd how we are (sd_notify(3)), without its library."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends to NOTIFY_SOCKET; does nothing where there is none.

    `watchdog_s` is how often WATCHDOG=1 has to be sent (half of WATCHDOG_USEC), None for never.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        variables = os.environ if environment is None else environment
        self._address = variables.get("NOTIFY_SOCKET", "")
        self._last_status = ""
        self.watchdog_s: float | None = None
        usec = variables.get("WATCHDOG_USEC", "")
        pid = variables.get("WATCHDOG_PID", "")
        if usec.isdecimal() and int(usec) > 0 and pid in ("", str(os.getpid())):
            self.watchdog_s = int(usec) / 2e6

    def ready(self) -> None:
        """The box is up."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The box is going down in order."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog."""
        if self.watchdog_s is not None:
            self._send("WATCHDOG=1")

    def status(self, sentence: str) -> None:
        """Show a sentence in `systemctl status`; sent on change only."""
        if sentence != self._last_status:
            self._last_status = sentence
            self._send("STATUS=" + " ".join(sentence.split()))

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel,
        ):
            channel.setblocking(False)
            channel.sendto(message.encode(), address)
