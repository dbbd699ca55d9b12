"""The catalogue of strings for translation: every text for people in the code, as a .pot file.

    scripts/catalogue.py FILE      write it
    scripts/catalogue.py           count the texts

The page's own texts are in appliance/web/ui/src/i18n/en, one file a room, in a form of their own.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("appliance", "board")
CODE = re.compile(r"[a-z]+\.[a-z_]+")
"""Codes of errors."""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call of the function that marks a text for translation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield node


def board_errors() -> Iterator[tuple[str, ast.Call]]:
    """Yield every error with a code that `board` makes, with its place ("file:line").

    The second argument is its sentence.  The bench is for developers.
    """
    for path in sorted((ROOT / "board").rglob("*.py")):
        if "sim" in path.relative_to(ROOT / "board").parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            code = node.args[0] if node.func.id.endswith("Error") and node.args else None
            if isinstance(code, ast.Constant) and CODE.fullmatch(str(code.value)):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def board_phrases() -> Iterator[tuple[str, ast.Call, ast.expr]]:
    """Yield place, call and sentence of what is wrong with a profile, and of parts of sentences.

    These are `fail(sentence, ...)` of a section, `ProfileError(file, line, sentence, ...)` and
    `Phrase(sentence, ...)`.
    """
    for path in sorted((ROOT / "board").rglob("*.py")):
        if "sim" in path.relative_to(ROOT / "board").parts or path.name == "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            at = {"fail": 0, "Phrase": 0, "ProfileError": 2}.get(name)
            profile = "profile" in path.parts
            if at is None or (name == "fail" and not profile) or len(node.args) <= at:
                continue
            if path.name == "section.py" and isinstance(node.args[at], ast.Name):
                continue  # what hands the sentence on
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node, node.args[at]


def texts() -> dict[str, list[str]]:
    """Return every text with the places ("file:line") it is at; raise ValueError for no text."""
    found: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
                place = f"{path.relative_to(ROOT)}:{call.lineno}"
                given = call.args[0] if len(call.args) == 1 and not call.keywords else None
                if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
                    raise ValueError(f"{place}: a text for translation is one literal")
                found.setdefault(given.value, []).append(place)
    made = [(place, call.args[1]) for place, call in board_errors()]
    made += [(place, sentence) for place, _call, sentence in board_phrases()]
    for place, sentence in made:
        if not isinstance(sentence, ast.Constant) or not isinstance(sentence.value, str):
            raise ValueError(f"{place}: the sentence of an error is one literal")
        found.setdefault(sentence.value, []).append(place)
    return found


def quoted(text: str) -> str:
    """Write a text as gettext wants it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def template() -> str:
    """Return the .pot file."""
    lines = ['msgid ""', 'msgstr "Content-Type: text/plain; charset=UTF-8\\n"', ""]
    for text, places in sorted(texts().items()):
        lines += [f"#: {' '.join(places)}"]
        if "{" in text:
            lines += ["#, python-brace-format"]
        lines += [f"msgid {quoted(text)}", 'msgstr ""', ""]
    return "\n".join(lines)


def main() -> int:
    """Write or count."""
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(template(), encoding="utf-8")
    else:
        print(f"{len(texts())} texts")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
