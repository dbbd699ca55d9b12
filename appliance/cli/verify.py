"""`nvr verify PATH`: says whether an export is as a recorder made it, or what was changed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from appliance.cli.place import paths_for
from appliance.export.errors import ExportError
from appliance.export.report import Report
from appliance.export.verify import verify_export
from appliance.export.words import plain
from appliance.storage.signing import DeviceKey
from appliance.text import _

EXIT_PROBLEMS = 1
EXIT_NOT_VERIFIED = 2
_SHOWN = 200
_WIDEST = 4000


def main(argv: list[str] | None = None) -> int:
    """Verify an export.

    0: all is in order and signed by the key of this box or the one given; 1: something was changed,
    or does not belong there; 2: it could not be verified, or nobody known here vouches for it.
    """
    options = _parser().parse_args(argv)
    try:
        own = _own_key(options.folder)
        report = verify_export(
            options.path,
            key=_expected(options.key, own),
            own=own,
            progress=_progress if sys.stderr.isatty() else _quiet,
        )
    except ExportError as error:
        print(plain(error.text), file=sys.stderr)
        return EXIT_NOT_VERIFIED
    if options.json:
        told = {field.name: getattr(report, field.name) for field in fields(report)}
        told["problems"] = [asdict(problem) for problem in report.problems]
        print(json.dumps({**told, "fingerprint": report.fingerprint}))
    else:
        for line in _lines(report):
            print(plain(line, _WIDEST))
    if report.count:
        return EXIT_PROBLEMS
    return 0 if report.proved else EXIT_NOT_VERIFIED


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
        "--key",
        help=_("public key of the recorder in hex, or its fingerprint; `own` for that of this box"),
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
    except (OSError, ValueError):
        return None


def _expected(wanted: str | None, own: str | None) -> str | None:
    if wanted != "own":
        return wanted or None
    if own is None:
        raise ExportError("not_found", _("This box has no key yet. Give the key itself."))
    return own


def _lines(report: Report) -> Iterator[str]:
    for problem in report.problems[:_SHOWN]:
        yield _("CHANGED: {file}: {text}").format(file=problem.file, text=problem.text)
    if report.count > _SHOWN:
        yield _("... and {count} more.").format(count=report.count - _SHOWN)
    for note in report.notes:
        yield _("note: {text}").format(text=note)
    if report.manifest is not None:
        yield _made(report.manifest)
    if report.key:
        yield _signed(report)
    yield _("{files} files read, {fragments} fragments as recorded.").format(
        files=len(report.checked), fragments=report.fragments
    )
    yield _verdict(report)


def _made(manifest: dict[str, Any]) -> str:
    text = _("Exported by {by} from {box} on {made}. Reason: {reason}")
    values = {name: manifest.get(name) for name in ("by", "box", "made", "reason")}
    told = {name: plain(v) if isinstance(v, str) and v else "-" for name, v in values.items()}
    return text.format(**told)


def _signed(report: Report) -> str:
    text = _("Signed with a key that is not known here, fingerprint {fingerprint}.")
    if report.signer == "own":
        text = _("Signed by this recorder, fingerprint {fingerprint}.")
    elif report.signer == "given":
        text = _("Signed with the key that was asked for, fingerprint {fingerprint}.")
    return text.format(fingerprint=report.fingerprint)


def _verdict(report: Report) -> str:
    if report.count:
        text = _("This export is not as it was made. Problems: {count}")
        return text.format(count=report.count)
    if report.proved:
        return _("Everything is as it was exported.")
    if report.key:
        return _(
            "Nothing was found changed since it was signed. Who signed it is not proved: compare "
            "the fingerprint with the one that the recorder shows, or give it by --key."
        )
    return _("Nothing was found changed, but nobody vouches for it: there is no signature.")


def _progress(done: int, total: int) -> None:
    print(f"\r{done * 100 // max(total, 1)} %", end="\r", file=sys.stderr)


def _quiet(_done: int, _total: int) -> None:
    return


if __name__ == "__main__":
    raise SystemExit(main())
