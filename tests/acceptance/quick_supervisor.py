"""The supervisor with its loop watched, in which minutes without a camera's answer are seconds.

`python tests/acceptance/quick_supervisor.py FILE ...`, as `python -m scripts.bench.callbacks`.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from appliance.supervisor import board_dead_cameras
from board.poe import recovery
from scripts.bench import callbacks

QUICKER = 30

if __name__ == "__main__":
    board_dead_cameras.monotonic = lambda: QUICKER * time.monotonic()
    board_dead_cameras.GAP_S *= QUICKER
    board_dead_cameras.TICK_S = 0.2
    recovery.BOOT_S /= QUICKER
    sys.exit(callbacks.main())
