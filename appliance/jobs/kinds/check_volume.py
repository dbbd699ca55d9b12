"""Job `check_volume`: verifies everything on a volume, as `nvr check` does."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.jobs.reporting import Outcome, Report
from appliance.settings.files import write_atomically
from appliance.storage.check_volume import check_volume
from appliance.storage.findings import Findings
from appliance.storage.ledger import Ledger
from appliance.text import _

REPORT = "report.json"
_SHOWN = 20
_GB = 1e9


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Check.

    `order`: volume (its name), path, ledger (its file), key (the public key of this box in hex),
    quick.  Nothing is changed on the volume.  Raises VolumeError, OSError, JobCancelled.
    """
    ledger = Ledger(Path(order["ledger"]))
    findings = check_volume(
        Path(order["path"]),
        ledger=ledger if ledger.path.exists() else None,
        key=str(order["key"]),
        quick=bool(order.get("quick")),
        progress=lambda done, total: report.progress(done, total, "blocks"),
    )
    found = {"found": [asdict(f) for f in findings.found], "counts": dict(findings.counts)}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    write_atomically(report.result_folder() / REPORT, text.encode())
    return Outcome(
        _words(findings),
        {"counts": dict(findings.counts), "found": [asdict(f) for f in _first(findings)]},
        (REPORT,),
        len(findings.problems),
    )


def _first(findings: Findings) -> list[Any]:
    """The findings that are shown beside the job: problems come first."""
    return sorted(findings.found, key=lambda f: f.severity != "problem")[:_SHOWN]


def _words(findings: Findings) -> str:
    counts = findings.counts
    verified = _("{blocks} blocks, {fragments} fragments, {size} GB verified.").format(
        blocks=counts["blocks"],
        fragments=counts["fragments"],
        size=f"{counts['bytes'] / _GB:.1f}",
    )
    problems = findings.problems
    if not problems:
        return _("Everything is in order: {verified}").format(verified=verified)
    if len(problems) == 1:
        return _("One problem: {first} {verified}").format(
            first=problems[0].text, verified=verified
        )
    return _("{count} problems, the first: {first} {verified}").format(
        count=len(problems), first=problems[0].text, verified=verified
    )
