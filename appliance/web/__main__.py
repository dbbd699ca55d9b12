"""Start the web process: ``python -m appliance.web``."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from appliance import log
from appliance.bus.errors import BusError
from appliance.paths import Paths
from appliance.web.process import serve

LOOP_VARIABLE = "NVR_LOOP"


def main() -> int:
    """Serve until told to stop; returns the exit status."""
    log.configure("web")
    try:
        if os.environ.get(LOOP_VARIABLE, "uvloop") == "uvloop":
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve(Paths.from_environment()))
        else:
            asyncio.run(serve(Paths.from_environment()))
    except KeyboardInterrupt:
        return 0
    except BusError as error:
        logging.getLogger(__name__).error("%s", error.text)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
