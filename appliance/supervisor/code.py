"""Which code this is: version and a digest of the sources, so that old recorders are replaced."""

from __future__ import annotations

import hashlib
from pathlib import Path

from appliance.version import VERSION

_PACKAGE = Path(__file__).resolve().parent.parent


def code_version(package: Path = _PACKAGE) -> str:
    """Return "0.1.0+1a2b3c4d": the version and a digest over the package's Python sources.

    About 300 small files, read once at the start (some 20 ms): call it before the loop runs.
    """
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode() + b"\0")
        digest.update(path.read_bytes())
    return f"{VERSION}+{digest.hexdigest()[:8]}"
