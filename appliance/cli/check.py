"""`nvr check VOLUME`: verifies everything on a volume and says in words what it found."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from appliance.cli.place import paths_for
from appliance.export.words import plain
from appliance.storage.check_volume import check_volume
from appliance.storage.errors import VolumeError
from appliance.storage.findings import Findings
from appliance.storage.ledger import Ledger
from appliance.storage.signing import DeviceKey
from appliance.text import _

EXIT_PROBLEMS = 1
EXIT_NOT_CHECKED = 2
_GIB = 1 << 30
_SHOWN = 200


def main(argv: list[str] | None = None) -> int:
    """Check a volume; 0: all in order, 1: problems, 2: it could not be checked."""
    options = _parser().parse_args(argv)
    state = paths_for(options.folder).state
    ledger = Ledger(state / "ledger.jsonl")
    try:
        key_file = state / "device.key"
        key = DeviceKey.load(key_file).public if key_file.exists() else None
        findings = check_volume(
            options.volume,
            ledger=ledger if ledger.path.exists() else None,
            key=None if options.any_key else key,
            quick=options.quick,
            progress=_progress if sys.stderr.isatty() else lambda done, total: None,
        )
    except VolumeError as error:
        print(plain(error.text), file=sys.stderr)
        return EXIT_NOT_CHECKED
    except OSError as error:
        print(
            _("{path} cannot be checked: {reason}.").format(
                path=plain(error.filename or options.volume), reason=error.strerror
            ),
            file=sys.stderr,
        )
        return EXIT_NOT_CHECKED
    if options.json:
        print(json.dumps({"found": [asdict(f) for f in findings.found], **findings.counts}))
    else:
        _print(options.volume, findings, quick=options.quick, with_ledger=ledger.path.exists())
    return EXIT_PROBLEMS if findings.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nvr check",
        description=_(
            "Verify every block of a volume: checksums, hash chains, signatures, locks, and the "
            "catalogue.  Nothing is changed."
        ),
    )
    parser.add_argument("volume", type=Path, help=_("folder or mount point of the volume"))
    parser.add_argument("--quick", action="store_true", help=_("do not read the footage itself"))
    parser.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
    parser.add_argument(
        "--any-key", action="store_true", help=_("accept a volume signed by another box")
    )
    parser.add_argument(
        "--folder", type=Path, help=_("where this box's key and ledger lie, as for `nvr run`")
    )
    return parser


def _print(volume: Path, findings: Findings, *, quick: bool, with_ledger: bool) -> None:
    """Write what was found; a volume may be a stranger's, its words do not steer the terminal."""
    for found in findings.found[:_SHOWN]:
        mark = _("PROBLEM") if found.severity == "problem" else _("note")
        print(f"{mark}: {plain(found.text)}")
    if len(findings.found) > _SHOWN:
        print(_("... and {count} more.").format(count=len(findings.found) - _SHOWN))
    counts = findings.counts
    print(
        _(
            "{volume}: {blocks} blocks: {closed} closed and signed, {open} open, {erased} empty; "
            "{locked} locked, {suspect} suspect."
        ).format(
            volume=plain(volume),
            **{k: counts[k] for k in ("blocks", "closed", "open", "erased", "locked", "suspect")},
        )
    )
    verified = (
        _("{fragments} fragments: records and links verified (not their contents).")
        if quick
        else _("{fragments} fragments, {gib} GiB, {signatures} signatures verified.")
    )
    print(
        verified.format(
            fragments=counts["fragments"],
            gib=f"{counts['bytes'] / _GIB:.2f}",
            signatures=counts["signatures"],
        )
    )
    if with_ledger:
        print(_("{count} blocks were retired by this box.").format(count=counts["retired"]))
    else:
        print(_("There is no ledger here, so missing blocks cannot be told from retired ones."))
    problems = len(findings.problems)
    print(
        _("{count} problems found.").format(count=problems)
        if problems
        else _("Everything is in order.")
    )


def _progress(done: int, total: int) -> None:
    print(f"\r{done}/{total}", end="\r", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
