"""How long `placet --version` takes, next to an interpreter that does nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

_PLACET = str(Path(sys.executable).with_name("placet"))


def run(*, quick: bool) -> dict[str, float]:
    """Return `cli.version.ms`, `cli.python.ms` and their ratio: medians of interleaved runs."""
    rounds = 10 if quick else 40
    ours, floor = [], []
    for _ in range(rounds):
        floor.append(_seconds([sys.executable, "-c", "pass"]))
        ours.append(_seconds([_PLACET, "--version"]))
    return {
        "cli.version.ms": statistics.median(ours) * 1000,
        "cli.python.ms": statistics.median(floor) * 1000,
        "cli.version.ratio_to_python": statistics.median(ours) / statistics.median(floor),
    }


def _seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin
