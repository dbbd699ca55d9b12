"""One measured figure, its bar, and where all of them are written down."""

from __future__ import annotations

import datetime
import json
import operator
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench.json"
PAGE = ROOT / "docs" / "reference" / "figures.md"

SHARE = float(os.environ.get("NVR_BENCH_SHARE", "1"))
"""How long measurements are, of their full length; items bound it as they need."""

_HEAD = """# Figures

Written by `make bench`. Ratios and counts are taken in one run, side by side, on whatever machine
ran it; absolute times are of that machine and only told. A run can be shortened
(`NVR_BENCH_SHARE`); its length is told beside its day.

| figure | value | bar | met | run, length | how |
|---|---|---|---|---|---|
"""

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
    run = {"date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}", "share": SHARE}
    kept += [{"item": item, **asdict(figure), "ok": figure.ok, **run} for figure in figures]
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
        share = float(str(row.get("share", 1)))
        length = "full" if share >= 1 else f"{share:.0%}"
        lines.append(
            f"| {row['name']} | {value} | {row['bar'] or 'told'} | {met} | {row.get('date', '')},"
            f" {length} | {row['how']} |"
        )
    return _HEAD + "\n".join(lines) + "\n"
