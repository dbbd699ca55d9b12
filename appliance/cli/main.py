"""`nvr`: finds the command and runs it."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

from appliance.cli import run, status
from appliance.text import _
from appliance.version import VERSION

EXIT_USAGE = 2
_BY_THEMSELVES = {"check": "appliance.cli.check", "verify": "appliance.cli.verify"}


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit code (0: all well)."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] and arguments[0] in _BY_THEMSELVES:
        return _hand_over(arguments[0], arguments[1:])
    parser = _parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] | None = getattr(options, "command", None)
    if command is None:
        parser.print_help()
        return EXIT_USAGE
    return command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nvr", description=_("Network video recorder."))
    commands = parser.add_subparsers(title=_("commands"), metavar="")
    runs = commands.add_parser(
        "run", help=_("run the recorder here, for development; Ctrl-C stops everything")
    )
    run.add_arguments(runs)
    _add_folder(runs)
    runs.set_defaults(command=run.command)
    shows = commands.add_parser("status", help=_("show how the running recorder is"))
    status.add_arguments(shows)
    _add_folder(shows)
    shows.set_defaults(command=status.command)
    commands.add_parser("check", help=_("verify the footage of a volume"), add_help=False)
    commands.add_parser("verify", help=_("verify an export: folder, ZIP or MP4"), add_help=False)
    version = commands.add_parser("version", help=_("show the version"))
    version.set_defaults(command=_version)
    return parser


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder",
        type=Path,
        help=_("where settings and footage lie (default: var/ here, on the box /var/lib/nvr)"),
    )


def _version(_options: argparse.Namespace) -> int:
    print(VERSION)
    return 0


def _hand_over(command: str, arguments: list[str]) -> int:
    """Hand over to a command with options of its own, which is only loaded when asked for."""
    module = importlib.import_module(_BY_THEMSELVES[command])
    run_it = cast("Callable[[list[str]], int]", module.main)
    return run_it(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
