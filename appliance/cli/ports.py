"""Ports the web server will want: read from the settings, tried before anything is started."""

from __future__ import annotations

import contextlib
import errno
import socket
from dataclasses import dataclass

import psutil

from appliance.paths import Paths
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.first_start import seed


@dataclass(frozen=True, slots=True)
class WebPorts:
    """Where browsers reach the box; `http` is None where plain http is switched off."""

    https: int
    http: int | None

    @property
    def url(self) -> str:
        """The address to open on this machine: without a certificate warning where that goes."""
        if self.http is not None:
            return f"http://localhost:{self.http}/"
        return f"https://localhost:{self.https}/"


def choose_ports(paths: Paths, https: int | None, http: int | None) -> WebPorts:
    """Return the ports of the settings, after putting the ones asked for into them.

    The supervisor must not be running.  Raise SettingsError if a port makes no sense.
    """
    store = SettingsStore(
        DocumentFiles(paths.state / "settings"), Vault.open(paths.state / "keys" / "device.key")
    )
    if https is None and http is None:
        files = DocumentFiles(paths.state / "settings")
        if not files.path.exists():
            return _ports(store)
        store.open()
        return _ports(store)
    store.open()
    if store.fresh:
        seed(store, paths.volumes, development=True)
    changes: dict[str, object] = {}
    if https is not None:
        changes["https_port"] = https
    if http is not None:
        changes["http_port"] = http
    store.change("web", None, changes)
    return _ports(store)


def _ports(store: SettingsStore) -> WebPorts:
    web = store.raw("web")
    return WebPorts(web["https_port"], web["http_port"] if web["http_loopback"] else None)


def user_of(port: int) -> str | None:
    """Return who listens on a TCP port, "" where that cannot be told, None if it is free."""
    try:
        with socket.create_server(("127.0.0.1", port), reuse_port=False):
            pass
        with socket.create_server(("0.0.0.0", port), reuse_port=False):  # noqa: S104 - a trial
            return None
    except OSError as error:
        if error.errno == errno.EACCES:
            return "-"
        if error.errno != errno.EADDRINUSE:
            return None
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                if connection.pid is None:
                    break
                return f"{psutil.Process(connection.pid).name()}, process {connection.pid}"
    return ""
