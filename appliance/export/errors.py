"""Why an export cannot be made, in words for people and codes for programs."""

from __future__ import annotations


class ExportError(Exception):
    """`code` is stable; `text` says what is wrong and what to do.

    Codes: order, too_long, too_large, no_channels, no_footage, gone, volume_failed, no_room,
    file_too_large, place_failed, changed, cancelled.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
