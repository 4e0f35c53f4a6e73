"""Time, randomness and identifiers: what makes two runs of the same code differ."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant: aware, UTC."""
        ...


class Randomness(Protocol):
    """Gives unpredictable bytes."""

    def token(self, size: int) -> bytes:
        """Return `size` bytes from the system's secure generator."""
        ...
