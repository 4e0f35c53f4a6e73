"""Locks on open files, which processes and threads wait for with patience (`flock`)."""

from __future__ import annotations

import fcntl
import time

_PAUSE_SECONDS = 0.001


def lock(descriptor: int, seconds: float) -> None:
    """Lock an open file for ourselves alone; raise `BlockingIOError` where somebody else holds it for `seconds`."""
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def unlock(descriptor: int) -> None:
    """Let others lock the file."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
