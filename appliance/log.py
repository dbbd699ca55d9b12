"""Structured logs: one JSON object a line for the journal, one readable line for a terminal."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from appliance.log_files import FileHandler

FOLDER_VARIABLE = "NVR_LOGS"
"""Folder of the log files that the page shows; the supervisor hands it down."""

_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


class JsonFormatter(logging.Formatter):
    """Format a record as one JSON object; whatever was passed in `extra` becomes a field."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a newline."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "text": record.getMessage(),
        }
        fields.update({k: v for k, v in record.__dict__.items() if k not in _STANDARD})
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


class LineFormatter(logging.Formatter):
    """Format a record for a person at a terminal."""

    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s {process:<11} %(levelname)-7s %(message)s", "%H:%M:%S")


def configure(process: str) -> None:
    """Send the logs of this process to standard error, and to a bounded file where NVR_LOGS is.

    NVR_LOG is "json", or "line" (default), for standard error; NVR_LOGS is a folder.
    """
    handler = logging.StreamHandler(sys.stderr)
    as_json = os.environ.get("NVR_LOG", "line") == "json"
    handler.setFormatter(JsonFormatter(process) if as_json else LineFormatter(process))
    handlers: list[logging.Handler] = [handler]
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        file = FileHandler(Path(folder), process)
        file.setFormatter(JsonFormatter(process))
        handlers.append(file)
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(os.environ.get("NVR_LOG_LEVEL", "INFO").upper())
