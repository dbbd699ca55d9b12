"""Run all figures, or those named: `python -m scripts.bench [--list] [ITEM ...]`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time

from scripts.bench import figure, items


def main() -> int:
    """Run the items one after the other; return 1 where a bar is missed."""
    names = sorted(m.name for m in pkgutil.iter_modules(items.__path__))
    parser = argparse.ArgumentParser(prog="python -m scripts.bench")
    parser.add_argument("items", nargs="*", metavar="ITEM", help=", ".join(names))
    parser.add_argument("--list", action="store_true", help="name the items and what they measure")
    chosen = parser.parse_args()
    unknown = set(chosen.items) - set(names)
    if unknown:
        parser.error(f"no such item: {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    missed = 0
    for name in chosen.items or names:
        module = importlib.import_module(f"scripts.bench.items.{name}")
        headline = (module.__doc__ or "").strip().splitlines()[0]
        print(f"{name}: {headline}", flush=True)
        if chosen.list:
            continue
        start = time.monotonic()
        figures = module.run()
        figure.write(name, figures)
        for one in figures:
            print("   " + one.line())
            missed += not one.ok
        print(f"   ({time.monotonic() - start:.0f} s)", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
