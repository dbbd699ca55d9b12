"""Opens the back end that a profile names."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from board.errors import BoardError
from board.lines.contract import Backend, LineBank
from board.lines.gpiod_lines import GpiodLines
from board.lines.rpi_lines import RpiLines

if TYPE_CHECKING:
    from board.timing import Readers

LIBRARIES: dict[Backend, str] = {"gpiod": "gpiod", "rpi_gpio": "RPi.GPIO"}


def open_lines(backend: Backend, loop: Readers, library: str = "") -> LineBank:
    """Return a back end on its library, or on another one with the same calls.

    Raises BoardError where it is not installed or cannot work on this computer.
    """
    name = library or LIBRARIES[backend]
    try:
        module = importlib.import_module(name)
        return GpiodLines(module, loop) if backend == "gpiod" else RpiLines(module, loop)
    except (ImportError, RuntimeError, NotImplementedError) as error:
        raise BoardError(
            "io.no_library",
            "{library} cannot be used on this computer: {reason}",
            library=name,
            reason=error,
        ) from error
