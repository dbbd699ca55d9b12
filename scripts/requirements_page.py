"""The page of requirements: each cited ID, its meaning, where it is built and tested."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEANINGS = ROOT / "docs" / "reference" / "requirements.toml"
CITATION = re.compile(r"\b(D[12]-[A-Z]{2}-\d{2}|[NTA]\d{1,2}\.\d{1,2})\b")
SUFFIXES = {".py", ".ts", ".tsx"}


def citations(folders: list[str]) -> dict[str, set[str]]:
    """Return, for each ID cited below `folders`, the files that cite it."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in SUFFIXES or {"node_modules", "static"} & set(path.parts):
                continue
            for match in CITATION.finditer(path.read_text(encoding="utf-8")):
                found[match[1]].add(str(path.relative_to(ROOT)))
    return found


def order(name: str) -> tuple[str, list[int]]:
    """Sort IDs by family and number."""
    return re.sub(r"\d+", "", name), [int(n) for n in re.findall(r"\d+", name)]


def page() -> str:
    """Return the page; raises KeyError naming a cited ID whose meaning is not written down."""
    meanings = tomllib.loads(MEANINGS.read_text(encoding="utf-8"))
    built, tested = citations(["appliance", "board"]), citations(["tests"])
    for name, files in built.items():  # the page's tests lie beside what they test
        tested[name] |= {path for path in files if ".test." in path}
        files -= tested[name]
    rows = []
    for name in sorted(built.keys() | tested.keys(), key=order):
        if name not in meanings:
            raise KeyError(f"{name} is cited but its meaning is not in {MEANINGS.name}")
        where = [
            ", ".join(f"`{p}`" for p in sorted(part.get(name, ()))) for part in (built, tested)
        ]
        rows.append(f"| {name} | {meanings[name]} | {where[0]} | {where[1]} |")
    return (
        "# Requirements\n\n"
        "Generated from the citations in code and tests by `make docs`; what an ID means is in\n"
        "`requirements.toml` beside this page. D1 and D2 are demands on a recorder, N, T and A on\n"
        "cameras and what a recorder does with them.\n\n"
        "| ID | meaning | built in | tested in |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )
