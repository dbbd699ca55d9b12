"""Write the OpenAPI description as a file: ``python -m appliance.web.describe FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from appliance.web.app import modules, registry
from appliance.web.openapi import describe


def text() -> str:
    """Return the description as it is kept in docs/reference/openapi.json."""
    return json.dumps(describe(registry(modules())), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file named by the one argument."""
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
