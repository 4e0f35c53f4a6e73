"""How long something keeps a processor busy, on a machine that does other things too."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_RUNS = 5


def least_seconds(work: Callable[[], object], *, enough: float = 0.0) -> float:
    """Return the least CPU time of a few runs, without the garbage of other tests.

    One that is below `enough` ends them.
    """
    least = float("inf")
    for _ in range(_RUNS):
        gc.disable()
        try:
            started = time.process_time()
            work()
            least = min(least, time.process_time() - started)
        finally:
            gc.enable()
        if least < enough:
            break
    return least
