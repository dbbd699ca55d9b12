"""Presets and tours of PTZ cameras as a part of the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.bus.errors import BusError
from appliance.settings.transfer import wrong
from appliance.supervisor.ptz_book import PtzBook
from appliance.text import _


class PtzPart:
    """Names of presets and tours; `live` is the book in use, None where there is no such bus."""

    name = "ptz"
    title = _("Presets and tours")

    def __init__(self, path: Path, live: Callable[[], PtzBook | None]) -> None:
        self._path = path
        self._live = live

    def gather(self) -> Any:
        """Return the book as it is stored."""
        return self._book().as_dict()

    def weigh(self, value: Any) -> list[str]:
        """Name the channels whose presets or tours change."""
        book = self._read(value)
        old, new = self._book().as_dict(), book.as_dict()
        return [
            _("D{channel}: presets and tours of the file").format(channel=channel)
            for channel in sorted({*old, *new}, key=int)
            if old.get(channel) != new.get(channel)
        ]

    async def apply(self, value: Any) -> None:
        """Put the book in the place of the one here."""
        book, current = self._read(value), self._book()
        current.take(book)
        try:
            await asyncio.to_thread(current.save)
        except OSError as error:
            text = _("Presets and tours cannot be written: {why}.")
            raise BusError(
                "settings.not_saved", text.format(why=error.strerror or error)
            ) from error

    def _book(self) -> PtzBook:
        live = self._live()
        if live is not None:
            return live
        book = PtzBook(self._path)
        book.load()
        return book

    def _read(self, value: Any) -> PtzBook:
        book = PtzBook(self._path)
        try:
            book.read(value)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            text = _("holds presets that make no sense; nothing was taken over")
            raise wrong("file", "ptz", text) from None
        return book
