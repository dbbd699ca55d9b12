"""The settings document on disk: the one in force and the last good copy beside it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.settings.files import keep_aside, make_folder, write_aside, write_atomically
from appliance.settings.migrate import MIGRATIONS, SCHEMA, Migration, migrate
from appliance.text import _

MAX_DOCUMENT_BYTES = 16 << 20
NAME = "settings.json"
GOOD_NAME = "settings.good.json"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Loaded:
    """A document as it was found: pages in the present shape, not checked yet."""

    pages: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    found: bool = False
    complaint: str = ""
    migrated: bool = False


class DocumentFiles:
    """The two files of one folder.

    Both hold the same after a change: first the one in force is replaced, then the copy; a power
    cut between, or soon after, leaves the copy one change behind.
    """

    def __init__(
        self,
        folder: Path,
        *,
        schema: int = SCHEMA,
        migrations: Mapping[int, Migration] = MIGRATIONS,
    ) -> None:
        self.path = folder / NAME
        self.good_path = folder / GOOD_NAME
        self._schema = schema
        self._migrations = migrations

    def load(self) -> Loaded:
        """Read the document in force."""
        return self._read(self.path)

    def load_good(self) -> Loaded:
        """Read the last good copy."""
        return self._read(self.good_path)

    def save(self, pages: Mapping[str, Any], version: int) -> None:
        """Make these pages the document in force, then the last good copy; raise OSError.

        Both are on the disk before anything is replaced: a full disk changes nothing.  The copy's
        rename is not waited for, since the former copy is a good one, too.
        """
        document = {
            "schema": self._schema,
            "version": version,
            "saved": datetime.now(UTC).isoformat(timespec="seconds"),
            "pages": pages,
        }
        data = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
        make_folder(self.path.parent)
        copy = write_aside(self.good_path, data)
        write_atomically(self.path, data)
        try:
            copy.replace(self.good_path)
        except OSError as error:
            _log.warning("The last good copy of the settings is one change behind: %s", error)

    def keep_aside(self) -> Path | None:
        """Copy the document in force beside itself before it is mended; None if there is none."""
        return keep_aside(self.path) if self.path.exists() else None

    def _read(self, path: Path) -> Loaded:
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_DOCUMENT_BYTES + 1)
        except FileNotFoundError:
            return Loaded()
        except OSError as error:
            return Loaded(found=True, complaint=_("cannot be read: {why}").format(why=error))
        if len(raw) > MAX_DOCUMENT_BYTES:
            return Loaded(found=True, complaint=_("is far too large"))
        try:
            document = json.loads(raw)
        except json.JSONDecodeError as error:
            text = _("is not JSON (line {line}, column {column})")
            where = text.format(line=error.lineno, column=error.colno)
            return Loaded(found=True, complaint=where)
        except (ValueError, RecursionError):
            return Loaded(found=True, complaint=_("is not JSON"))
        return self._take(document)

    def _take(self, document: Any) -> Loaded:
        if not isinstance(document, dict) or not isinstance(document.get("pages"), dict):
            return Loaded(found=True, complaint=_("holds no pages of settings"))
        loaded = Loaded(document["pages"], found=True)
        version = document.get("version")
        if isinstance(version, int) and not isinstance(version, bool) and version >= 0:
            loaded.version = min(version, 1 << 62)
        schema = document.get("schema")
        if not isinstance(schema, int) or isinstance(schema, bool) or schema < 0:
            loaded.complaint = _("does not say its version")
        elif schema > self._schema:
            text = _("was written by newer software (version {theirs}, this knows {ours})")
            loaded.complaint = text.format(theirs=schema, ours=self._schema)
        elif schema < self._schema:
            try:
                loaded.pages = migrate(
                    loaded.pages, schema, target=self._schema, migrations=self._migrations
                )
                loaded.migrated = True
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                text = _("cannot be brought from version {theirs} to {ours}: {why}")
                loaded.complaint = text.format(theirs=schema, ours=self._schema, why=error)
        return loaded
