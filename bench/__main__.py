"""`make bench`: every figure by name, printed and written to `bench/results.json`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from bench import command_line, ledger, publication, service

_RESULTS = Path(__file__).with_name("results.json")
_PARTS: tuple[Callable[..., dict[str, float]], ...] = (command_line.run, publication.run, service.run, ledger.run)


def main() -> int:
    """Run all benchmarks, or a quick look at them, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller logs; writes nothing")
    quick = parser.parse_args().quick
    figures: dict[str, float] = {}
    for part in _PARTS:
        sys.stderr.write(f"{part.__module__} …\n")
        figures |= part(quick=quick)
    width = max(len(name) for name in figures)
    for name in sorted(figures):
        sys.stdout.write(f"{name:<{width}}  {figures[name]:>12.3f}\n")
    if not quick:
        rounded = {name: round(figures[name], 4) for name in sorted(figures)}
        _RESULTS.write_text(json.dumps(rounded, indent=2) + "\n")
        sys.stderr.write(f"written to {_RESULTS.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
