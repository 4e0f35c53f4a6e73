"""An anchor in memory, for tests and trials: it forgets with its process."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager, nullcontext

from placet.errors import UnavailableError


class MemoryAnchor:
    """Keeps the newest note per origin; `writable` may be switched off to see a full anchor disk."""

    def __init__(self) -> None:
        """Start without any note."""
        self.notes: dict[str, str] = {}
        self.writable = True

    def read(self, origin: str) -> tuple[str, ...]:
        """Return the kept note, nothing where there is none."""
        return (self.notes[origin],) if origin in self.notes else ()

    def alone(self, origin: str) -> AbstractContextManager[None]:  # noqa: ARG002 - one process, which does not wait
        """Do nothing: nobody else is there."""
        return nullcontext()

    def replace(self, origin: str, note: str, *, lasting: bool = False) -> str:  # noqa: ARG002 - nothing lasts here
        """Keep `note`; raise `UnavailableError` (`AUDIT_UNAVAILABLE`) where not writable."""
        if not self.writable:
            raise UnavailableError("AUDIT_UNAVAILABLE", "the anchor cannot be written")
        self.notes[origin] = note
        return self.stamp(origin)

    def stamp(self, origin: str) -> str:
        """Return a digest of the note; empty where there is none."""
        note = self.notes.get(origin, "")
        return note and hashlib.sha256(note.encode()).hexdigest()

    def close(self) -> None:
        """Do nothing: there is no disk."""
