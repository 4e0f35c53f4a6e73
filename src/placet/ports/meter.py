"""Is told what happens, for figures that operators watch."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Counts. No method waits, raises, or changes anything that was told."""

    def receipt(self, state: str) -> None:
        """Count a receipt that this process brought to `state`."""
        ...

    def grouped(self, changes: int) -> None:
        """Count a group of so many changes that were written together."""
        ...

    def denied(self, code: str, *, alert: bool) -> None:
        """Count a denial, whether or not it gets an entry of its own; `alert` says that somebody should look."""
        ...


class Unmetered:
    """Counts nothing: for a single command."""

    def receipt(self, state: str) -> None:
        """Do nothing."""

    def grouped(self, changes: int) -> None:
        """Do nothing."""

    def denied(self, code: str, *, alert: bool) -> None:
        """Do nothing."""
