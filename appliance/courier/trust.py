"""Whom the box trusts when it calls others: the CAs of the system and those of its owner."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

_log = logging.getLogger(__name__)

FOLDER = "trusted"
"""Folder of the state with trusted CAs, a PEM file each."""


def client_context(folder: Path) -> ssl.SSLContext:
    """Return a context that verifies certificate and name; TLS 1.2 at least (RFC 9325)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in sorted(folder.glob("*.pem")):
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            _log.warning("The trusted authority %s cannot be read: %s", path.name, error)
    return context
