"""Job `verify_export`: checks an export that lies on a place, as `nvr verify` does."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.export.errors import ExportError
from appliance.export.report import Report as Found
from appliance.export.verify import verify_export
from appliance.export.words import plain
from appliance.jobs.errors import JobError
from appliance.jobs.priority import bound_memory
from appliance.jobs.reporting import Outcome, Report
from appliance.text import _

MEMORY_BYTES = 1 << 30
_SHOWN = 20
_MOST_NAME = 100


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Verify.

    `order`: folder (of the place), place (its name), name (of the export there), own (the public
    key of this box), key (that of the recorder expected, or its fingerprint, or None).
    Raises ExportError (not_found, not_an_export, unreadable, bad_key), JobError (bad_order),
    JobCancelled.
    """
    bound_memory(MEMORY_BYTES)
    folder, place, name = Path(order["folder"]), str(order["place"]), str(order["name"])
    _stays_there(folder, folder / name)
    try:
        found = verify_export(
            folder / name,
            key=order["key"],
            own=order["own"],
            progress=lambda done, total: report.progress(done, total, "bytes"),
        )
    except ExportError as error:
        raise ExportError(error.code, error.text.replace(str(folder), place)) from error
    result = {
        "found": [asdict(problem) for problem in found.problems[:_SHOWN]],
        "fingerprint": found.fingerprint,
        "signer": found.signer,
        "fragments": found.fragments,
    }
    return Outcome(_words(plain(name, _MOST_NAME), found), result, problems=found.count)


def _stays_there(folder: Path, export: Path) -> None:
    """Refuse a link on a stick that leads to something else of this box; raise JobError."""
    if not Path(os.path.realpath(export)).is_relative_to(os.path.realpath(folder)):
        raise JobError("bad_order", _("This is a link that leads away from the stick or folder."))


def _words(name: str, found: Found) -> str:
    if found.count:
        first = found.problems[0]
        text = _("{name} is not as it was exported. {file}: {text}.")
        if found.count > 1:
            text = _("{name} is not as it was exported. {file}: {text}. Problems in all: {count}.")
        return text.format(name=name, file=first.file, text=first.text, count=found.count)
    text = {
        "own": _("{name} is as it was exported by this recorder (fingerprint {fingerprint})."),
        "given": _(
            "{name} is as it was exported by the recorder whose key was given (fingerprint "
            "{fingerprint})."
        ),
        "unknown": _(
            "{name} was not changed since it was signed, but the key is not known here "
            "(fingerprint {fingerprint}). Compare it with the fingerprint that the recorder shows: "
            "only that proves who made it."
        ),
        "nobody": _("{name}: nothing is wrong with the files, but nobody has signed them."),
    }[found.signer]
    return text.format(name=name, fingerprint=found.fingerprint)
