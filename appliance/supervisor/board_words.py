"""What the board has to say about its errors, in the box's language."""

from __future__ import annotations

from collections.abc import Callable

from appliance.text import _, translated
from board.errors import BoardError, Phrase


def error_text(error: BoardError | None, name: Callable[[str], str] = str) -> str:
    """Return the sentence of an error, "" for none.

    `name` gives what people call an output.  `board` knows no language, so its errors bring their
    sentence as a constant (`template`), which is what catalogues know it by; words in it, as the
    mode of an output, are looked up too and stay as they are where no catalogue has them.
    """
    if error is None:
        return ""
    values = {key: _looked_up(value) for key, value in error.values.items()}
    if "output" in error.values:
        values["output"] = name(str(error.values["output"]))
    sentence = translated(error.template)
    return sentence.format(**values) if values else sentence


KERNEL_REASONS = (
    _("Bad file descriptor"),
    _("Broken pipe"),
    _("Connection timed out"),
    _("Device or resource busy"),
    _("File exists"),
    _("Inappropriate ioctl for device"),
    _("Input/output error"),
    _("Invalid argument"),
    _("Is a directory"),
    _("No space left on device"),
    _("No such device"),
    _("No such device or address"),
    _("No such file or directory"),
    _("Operation not permitted"),
    _("Operation not supported"),
    _("Permission denied"),
    _("Read-only file system"),
    _("Remote I/O error"),
    _("Resource temporarily unavailable"),
    _("Too many open files"),
)
"""What the kernel answers where a device does not work, so that catalogues have it."""


def _looked_up(value: object) -> object:
    """Look up a word or part of a sentence; "" would give the head of the catalogue."""
    if isinstance(value, Phrase):
        parts = {key: _looked_up(part) for key, part in value.values.items()}
        return translated(value.template).format(**parts) if parts else translated(value.template)
    if isinstance(value, BoardError):
        return error_text(value)
    if isinstance(value, OSError) and value.strerror:
        return translated(value.strerror)
    return translated(value) if isinstance(value, str) and value else value
