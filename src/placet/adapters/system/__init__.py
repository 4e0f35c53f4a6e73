"""This machine's clock and random generator."""

from __future__ import annotations

import os
from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.world.Clock`."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place


class SystemRandomness:
    """Implements `ports.world.Randomness` with the kernel's generator."""

    def token(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return os.urandom(size)
