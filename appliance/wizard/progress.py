"""How far the wizard is: kept in a file, so that it goes on after a restart of page or box."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from appliance.settings.files import make_folder, write_atomically

_log = logging.getLogger(__name__)

Mark = Literal["open", "done", "skipped"]
MARKS: tuple[Mark, ...] = get_args(Mark)
MAX_STEPS = 64


@dataclass(frozen=True, slots=True)
class Progress:
    """Marks of steps (none: open), the step last shown, and whether a person has ended it.

    `later`: it was put off, so that no page opens it by itself.
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    at: str = ""
    finished: bool = False
    later: bool = False

    def marked(self, step: str, mark: Mark) -> Progress:
        """Return the progress with a step marked."""
        marks = {name: known for name, known in self.marks.items() if name != step}
        if mark != "open":
            marks[step] = mark
        return replace(self, marks=marks)


def read(path: Path) -> Progress:
    """Return what is kept; of a file that is damaged the beginning.  Blocks."""
    try:
        raw = json.loads(path.read_bytes())
        marks: dict[str, Any] = dict(list(raw["marks"].items())[:MAX_STEPS])
        return Progress(
            marks={str(name): mark for name, mark in marks.items() if mark in MARKS},
            at=str(raw["at"])[:64],
            finished=raw["finished"] is True,
            later=raw["later"] is True,
        )
    except FileNotFoundError:
        return Progress()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        _log.warning("How far the set-up was cannot be read, it begins anew: %s", error)
        return Progress()


def write(path: Path, progress: Progress) -> None:
    """Keep it.  Raises OSError.  Blocks."""
    make_folder(path.parent)
    raw = {
        "marks": progress.marks,
        "at": progress.at,
        "finished": progress.finished,
        "later": progress.later,
    }
    write_atomically(path, json.dumps(raw).encode())
