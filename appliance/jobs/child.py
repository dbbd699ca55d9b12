"""`python -m appliance.jobs.child`: one job, of the lowest priority, told and telling by pipes."""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any, cast

from appliance import log
from appliance.export.words import plain
from appliance.jobs.errors import JobCancelled
from appliance.jobs.kinds import MODULES, RunJob
from appliance.jobs.priority import end_with, step_back
from appliance.jobs.reporting import Outcome, Report
from appliance.jobs.shortening import MOST_TEXT, shortened
from appliance.text import _

_log = logging.getLogger(__name__)


def main() -> int:
    """Do the job whose order comes on standard input; 0 if its outcome could be told."""
    step_back()
    log.configure("job")
    wish = json.loads(sys.stdin.buffer.read())
    end_with(int(wish["parent"]))
    os.umask(0o027)
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints goes to the log
    report = Report(out, Path(wish["results"]))
    signal.signal(signal.SIGTERM, lambda _number, _frame: report.cancel())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    report.tell(outcome(str(wish["kind"]), wish["order"], report))
    return 0


def outcome(kind: str, order: dict[str, Any], report: Report) -> dict[str, Any]:
    """Run a job to its end and return how it ended, as the process of the jobs reads it."""
    try:
        module = importlib.import_module(MODULES[kind])
        run = cast("RunJob", module.run)
        ended = run(order, report)
    except JobCancelled:
        return {"cancelled": True}
    except OSError as error:
        _log.exception("A job failed")
        text = _("{what}: {why}.").format(
            what=error.filename or _("Reading or writing failed"), why=error.strerror or error
        )
        return _failed("io", text)
    except MemoryError:
        _log.exception("A job needed more memory than it may have")
        return _failed("memory", _("The job needs more memory than it may use here."))
    except Exception as error:  # noqa: BLE001 - whatever breaks a job is told as its end
        code, words = getattr(error, "code", None), getattr(error, "text", None)
        if isinstance(code, str) and isinstance(words, str):
            return {"cancelled": True} if code == "cancelled" else _failed(code, words)
        _log.exception("A job broke")
        return _failed("broken", _("The job failed inside the box; its log says why."))
    return _done(ended)


def _done(ended: Outcome) -> dict[str, Any]:
    return {
        "done": {
            "text": plain(ended.text, MOST_TEXT),
            "result": shortened(ended.result),
            "files": list(ended.files),
            "problems": ended.problems,
        }
    }


def _failed(code: str, text: str) -> dict[str, Any]:
    return {"failed": {"code": code, "text": plain(text, MOST_TEXT)}}


if __name__ == "__main__":
    raise SystemExit(main())
