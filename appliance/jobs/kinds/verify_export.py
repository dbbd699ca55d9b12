"""Job `verify_export`: checks an export that lies on a place, as `nvr verify` does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.export.errors import ExportError
from appliance.export.verify import verify_export
from appliance.jobs.reporting import Outcome, Report
from appliance.text import _

_SHOWN = 20


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Verify.

    `order`: folder (of the place), place (its name), name (of the export there).
    Raises ExportError (not_found, unreadable), JobCancelled.
    """
    folder, place, name = Path(order["folder"]), str(order["place"]), str(order["name"])
    try:
        found = verify_export(
            folder / name, progress=lambda done, total: report.progress(done, total, "bytes")
        )
    except ExportError as error:
        raise ExportError(error.code, error.text.replace(str(folder), place)) from error
    problems = found.problems
    shown = [asdict(problem) for problem in problems[:_SHOWN]]
    result = {"found": shown, "fingerprint": found.fingerprint, "fragments": found.fragments}
    if problems:
        text = _("{name} is not as it was exported: {file}: {text}")
        words = text.format(name=name, file=problems[0].file, text=problems[0].text)
        if len(problems) > 1:
            words = " ".join([words, _("There are {n} more problems.").format(n=len(problems) - 1)])
        return Outcome(words, result, problems=len(problems))
    if not found.key:
        text = _("{name}: nothing is wrong with the files, but nobody has signed them.")
        return Outcome(text.format(name=name), result)
    text = _("{name} is as it was exported and signed by {fingerprint}.")
    return Outcome(text.format(name=name, fingerprint=found.fingerprint), result)
