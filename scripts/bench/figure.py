"""One measured figure, its bar, and where all of them are written down."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench.json"
PAGE = ROOT / "docs" / "reference" / "figures.md"

_COMPARE: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `bar` as "<= 0.7" or ">= 0.95", empty where it is only told.

    A `value` of None was not measured; `how` says why.
    """

    name: str
    value: float | None
    unit: str
    bar: str = ""
    how: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bar is met; a figure without one always is."""
        if not self.bar:
            return True
        if self.value is None:
            return False
        sign, limit = self.bar.split()
        return _COMPARE[sign](self.value, float(limit))

    def line(self) -> str:
        """For a terminal."""
        mark = "  " if not self.bar else ("ok" if self.ok else "NO")
        value = "-" if self.value is None else f"{self.value:.4g}"
        line = f"{mark}  {value:>10} {self.unit:<12} {self.bar:<9} {self.name}"
        return f"{line} ({self.how})" if self.how else line


def write(item: str, figures: Iterable[Figure]) -> None:
    """Merge the figures of one item into build/bench.json and the page of figures."""
    RESULTS.parent.mkdir(exist_ok=True)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    kept = [row for row in known if row["item"] != item]
    kept += [{"item": item, **asdict(figure), "ok": figure.ok} for figure in figures]
    kept.sort(key=lambda row: row["item"])
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    PAGE.write_text(page(kept))


def page(rows: list[dict[str, object]]) -> str:
    """Return the page of figures."""
    lines = []
    for row in rows:
        known = row["value"] is not None
        value = f"{float(str(row['value'])):.4g} {row['unit']}" if known else "not measured"
        met = "" if not row["bar"] else "yes" if row["ok"] else "**no**"
        lines.append(f"| {row['name']} | {value} | {row['bar'] or 'told'} | {met} | {row['how']} |")
    return (
        "# Figures\n\nWritten by `make bench`. Ratios and counts are taken in one run, side by"
        " side, on whatever machine ran it;\nabsolute times are of that machine and only told.\n\n"
        "| figure | value | bar | met | how |\n|---|---|---|---|---|\n" + "\n".join(lines) + "\n"
    )
