"""Write the generated pages of docs/reference; with --check only say which are out of date."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from appliance.settings import reference as settings_page  # noqa: E402
from scripts import requirements_page  # noqa: E402

PAGES = {"requirements.md": requirements_page.page, "settings.md": settings_page.page}


def stale() -> list[str]:
    """Return the names of generated pages that differ from what the code says now."""
    folder = ROOT / "docs" / "reference"
    return [
        name
        for name, make in PAGES.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != make()
    ]


def main() -> int:
    """Write or check; return 1 where --check finds a page out of date."""
    if "--check" in sys.argv:
        names = stale()
        for name in names:
            print(f"docs/reference/{name} is out of date: run 'make docs'")
        return 1 if names else 0
    for name, make in PAGES.items():
        (ROOT / "docs" / "reference" / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
