"""Where the newest checkpoint of each log is kept, outside the log's own storage (protocol 7)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Anchor(Protocol):
    """Keeps the newest signed note per origin. Its methods block for microseconds and are not async.

    Any number of processes may replace the note of one origin, each alone: so none of them
    replaces a note that it has not compared with its log. An anchor *behind* its log harms nothing.
    """

    def alone(self, origin: str) -> AbstractContextManager[None]:
        """Keep everybody else from replacing the note of `origin` meanwhile.

        Raise `UnavailableError` (`AUDIT_UNAVAILABLE`) where another process keeps us waiting for long.
        """
        ...

    def read(self, origin: str) -> tuple[str, ...]:
        """Return what is kept: nothing, or notes of which each must agree with the log, the newest last.

        Raise `UnavailableError` (`AUDIT_UNAVAILABLE`) if the keeper cannot be read.
        """
        ...

    def replace(self, origin: str, note: str, *, lasting: bool = False) -> str:
        """Keep `note` instead of the old one, whole or not at all, and return its stamp.

        On return every process sees it, and a killed process loses nothing. It survives a power
        loss after about a second, or on return where it is to be `lasting`. Raise
        `UnavailableError` (`AUDIT_UNAVAILABLE`), after which an older note is still there.
        """
        ...

    def stamp(self, origin: str) -> str:
        """Return a text that changes when somebody else replaces the note; empty where there is none.

        It may stand still where the clock of a file system is coarse: who must be certain reads the notes.
        """
        ...

    def close(self) -> None:
        """Make the last notes survive a power loss."""
        ...
