"""Verify the ledger: everything that can be recomputed is, and the first contradiction is named (protocol 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from placet.domain.log.audit import AuditReport, audit
from placet.domain.log.checkpoint import CheckpointKey
from placet.ports.ledger import Ledger


async def verify_ledger(
    ledger: Ledger, *, full: bool = True, notes: Sequence[str] = (), key: CheckpointKey | None = None
) -> AuditReport:
    """Return whether the log holds against itself, its anchor, and `notes` kept elsewhere.

    `full` also compares entries and tables; else bodies are not parsed. `key` is the log's key where
    it is known from elsewhere (a trust root). Works while the ledger is sealed, and while others
    write: all rows are of one moment, and the anchor is read before it. Raise `UnavailableError`
    where the storage cannot be read.
    """
    kept = ledger.kept_notes()
    with ledger.audit_rows() as rows:
        believed = [*kept, *notes] if kept else []
        return await asyncio.to_thread(audit, rows, believed, full=full, key=key)
