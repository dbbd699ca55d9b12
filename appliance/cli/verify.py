"""`nvr verify PATH`: says whether an export is as a recorder made it, or what was changed."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from appliance.cli.place import paths_for
from appliance.export.errors import ExportError
from appliance.export.verify import Report, verify_export
from appliance.storage.signing import DeviceKey, fingerprint
from appliance.text import _

EXIT_PROBLEMS = 1
EXIT_NOT_VERIFIED = 2
_SHOWN = 200


def main(argv: list[str] | None = None) -> int:
    """Verify an export; 0: all in order, 1: something was changed, 2: it could not be verified."""
    options = _parser().parse_args(argv)
    try:
        own = _own_key(options.folder)
        expected = _expected(options.key, own)
        report = verify_export(
            options.path, key=expected, progress=_progress if sys.stderr.isatty() else _quiet
        )
    except ExportError as error:
        print(error.text, file=sys.stderr)
        return EXIT_NOT_VERIFIED
    if options.json:
        told = asdict(report)
        told["fingerprint"] = report.fingerprint
        print(json.dumps(told, ensure_ascii=False))
    else:
        _print(report, own)
    if report.problems:
        return EXIT_PROBLEMS
    return 0 if report.key else EXIT_NOT_VERIFIED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nvr verify",
        description=_(
            "Verify an export on any computer: a folder, a ZIP archive, or one MP4 (with the "
            "manifest beside it, or by itself).  Nothing is changed."
        ),
    )
    parser.add_argument("path", type=Path, help=_("folder, archive or MP4"))
    parser.add_argument(
        "--key", help=_("public key of the recorder, in hex; `own` for the one of this box")
    )
    parser.add_argument("--json", action="store_true", help=_("as JSON, for programs"))
    parser.add_argument(
        "--folder", type=Path, help=_("where this box's key lies, as for `nvr run`")
    )
    return parser


def _own_key(folder: Path | None) -> str | None:
    file = paths_for(folder).state / "device.key"
    try:
        return DeviceKey.load(file).public if file.exists() else None
    except OSError:
        return None


def _expected(wanted: str | None, own: str | None) -> str | None:
    if wanted != "own":
        return wanted.lower() if wanted else None
    if own is None:
        raise ExportError("not_found", _("This box has no key yet. Give the key itself."))
    return own


def _print(report: Report, own: str | None) -> None:
    for problem in report.problems[:_SHOWN]:
        print(_("CHANGED: {file}: {text}").format(file=problem.file, text=problem.text))
    if len(report.problems) > _SHOWN:
        print(_("... and {count} more.").format(count=len(report.problems) - _SHOWN))
    for note in report.notes:
        print(_("note: {text}").format(text=note))
    if report.manifest is not None:
        _print_manifest(report.manifest)
    if report.key:
        whose = _(" (this box)") if report.key == own else ""
        print(
            _("Signed by the recorder with the fingerprint {fingerprint}{whose}.").format(
                fingerprint=fingerprint(report.key), whose=whose
            )
        )
    print(
        _("{files} files read, {fragments} fragments as recorded.").format(
            files=len(report.checked), fragments=report.fragments
        )
    )
    count = len(report.problems)
    print(
        _("{count} problems found: this export is not as it was made.").format(count=count)
        if count
        else _("Everything is as it was exported.")
        if report.key
        else _("Nothing was found changed, but nobody vouches for it: there is no signature.")
    )


def _print_manifest(manifest: dict[str, Any]) -> None:
    text = _("Exported by {by} from {box} on {made}. Reason: {reason}")
    values = {name: manifest.get(name) or "-" for name in ("by", "box", "made", "reason")}
    print(text.format(**values))


def _progress(done: int, total: int) -> None:
    print(f"\r{done * 100 // max(total, 1)} %", end="\r", file=sys.stderr)


def _quiet(_done: int, _total: int) -> None:
    return


if __name__ == "__main__":
    raise SystemExit(main())
