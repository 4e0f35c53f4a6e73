"""What auditors and operators need of the ledger beside `Store`: raw rows, its state, its anchor."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from placet.domain.log.change import Change, Committed
from placet.domain.log.rows import LogRows
from placet.domain.log.watch import Seal


class LedgerStatus(Struct, frozen=True, kw_only=True):
    """How a log stands: origin, size, root, newest time, its checkpoint key, and its seal if any."""

    origin: str
    size: int
    root: bytes
    time: datetime
    vkey: str
    seal: Seal | None


class Ledger(Protocol):
    """The ledger as an auditor or operator sees it."""

    async def status(self) -> LedgerStatus:
        """Return the state of the head now, checked against the anchor. Works while sealed."""
        ...

    async def observe(self, note: str) -> None:
        """Compare the log with a signed note of its origin that was kept elsewhere (a bundle, a witness).

        A note that the log contradicts seals it, for this process and, kept as anchor, for all.
        Raise `VerificationError` (`CHECKPOINT_INVALID`) for a note that our key did not sign.
        """
        ...

    async def adopt(self, change: Change) -> Committed:
        """Commit `change` although the anchor is missing, and keep its checkpoint as the new anchor.

        Raise as `Store.commit`; `ConfigurationError` (`ANCHOR_NOT_MISSING`) where there is one.
        """
        ...

    def kept_notes(self) -> tuple[str, ...]:
        """Return the notes in the anchor, believed in nothing. Raise as `Anchor.read`."""
        ...

    def audit_rows(self) -> AbstractContextManager[LogRows]:
        """Open all rows, as they are together at this moment, for verification, also in a thread."""
        ...
