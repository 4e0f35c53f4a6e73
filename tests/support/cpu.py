"""How long something keeps a processor busy, on a machine that does other things too."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_RUNS = 5
_YARDSTICK_SECONDS = 0.0055
"""What `_yardstick` takes on the machine on which the bounds of the tests were stated, when it is quiet."""


def least_seconds(work: Callable[[], object], *, enough: float = 0.0) -> float:
    """Return the least CPU time of a few runs, without the garbage of other tests, in seconds of a quiet machine.

    Beside each run goes a fixed piece of work: where that takes twice as long as it should, so does
    everything else, and the run counts half. One that is below `enough` ends them.
    """
    least = float("inf")
    for _ in range(_RUNS):
        gc.disable()
        try:
            slower = slowness()
            least = min(least, _cpu_seconds(work) / slower)
        finally:
            gc.enable()
        if least < enough:
            break
    return least


def slowness() -> float:
    """Return how many times longer than on a quiet machine work takes now, 1 at least."""
    return max(1.0, _cpu_seconds(_yardstick) / _YARDSTICK_SECONDS)


def _cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _yardstick() -> int:
    return len({str(number) for number in range(40_000)})
