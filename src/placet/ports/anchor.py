"""Where the newest checkpoint of each log is kept, outside the log's own storage (protocol 7)."""

from __future__ import annotations

from typing import Protocol


class Anchor(Protocol):
    """Keeps one signed note per origin. Its methods block for microseconds and are never async.

    Any number of processes may replace the note of one origin; the last one stays. An anchor
    *behind* its log harms nothing.
    """

    def read(self, origin: str) -> str | None:
        """Return the kept note, None where there is none.

        Raise `UnavailableError` (`AUDIT_UNAVAILABLE`) if the keeper cannot be read.
        """
        ...

    def replace(self, origin: str, note: str) -> str:
        """Keep `note` instead of the old one, whole or not at all, and return its stamp.

        On return every process sees it; it survives a power loss within about a second. Raise
        `UnavailableError` (`AUDIT_UNAVAILABLE`), after which the old note is still there.
        """
        ...

    def stamp(self, origin: str) -> str:
        """Return a text that changes whenever somebody replaces the note; empty where there is none."""
        ...

    def close(self) -> None:
        """Make the last note survive a power loss."""
        ...
