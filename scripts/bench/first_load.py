"""What a browser loads before the live wall stands, counted from the built page."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

_NAMED = re.compile(r"""(?:src|href)="/([^"]+)\"""")
_FONT = re.compile(r"url\(/?([^)]*inter-latin-wght[^)]*\.woff2)\)")
_PACKED = (".woff2", ".png", ".webp")


def first_load_bytes(folder: Path) -> dict[str, int]:
    """Return each file of the first load and its size as gzip sends it.

    Those are the page itself, all that it names (code, style sheets, icon), and the one font file
    that Latin text needs.  Fonts are packed already.
    """
    page = (folder / "index.html").read_text()
    names = ["index.html", *dict.fromkeys(_NAMED.findall(page))]
    for name in list(names):
        if name.endswith(".css"):
            fonts = _FONT.findall((folder / name).read_text())
            names += [font.removeprefix("./") for font in fonts]
    return {name: _sent(folder / name) for name in names}


def _sent(file: Path) -> int:
    body = file.read_bytes()
    return len(body) if file.suffix in _PACKED else len(gzip.compress(body, 9, mtime=0))
