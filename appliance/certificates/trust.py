"""TLS towards others - mail, log server, updates - with the authorities the user trusts, too."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

FOLDER = "trusted"
"""Folder of the state with the certificates of trusted authorities, a PEM file each (0644)."""
_log = logging.getLogger(__name__)


def client_context(folder: Path, *, public: bool = True) -> ssl.SSLContext:
    """Return a context for connecting out: TLS 1.2 or later, chain and name are checked.

    `folder` holds those trusted besides the public authorities; without `public` they alone are.
    One that cannot be read is logged and left out (RFC 9325).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if public:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    for path in trusted_files(folder):
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            _log.warning("The trusted authority %s cannot be read: %s", path.name, error)
    return context


def trusted_files(folder: Path) -> Iterator[Path]:
    """Yield the files of trusted authorities in the order of their names."""
    yield from sorted(folder.glob("*.pem"))
