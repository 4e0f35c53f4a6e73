"""Measure how the state stands, for operators who watch it: a few rows, no scan (architecture, figures)."""

from __future__ import annotations

from msgspec import Struct

from placet.core.context import Context
from placet.core.entities.receipts import ReceiptRecord, read_receipt_record, receipt_key
from placet.core.entities.stored import entity_of
from placet.domain.authorization.facts import ReceiptState
from placet.domain.log.checkpoint import CheckpointKey, open_checkpoint, parse_vkey
from placet.errors import UnavailableError, VerificationError
from placet.ports.ledger import Ledger

MOST_COUNTED = 1000
_MOST_READ = 100


class Figures(Struct, frozen=True, kw_only=True):
    """How the state stands now.

    `readable` tells whether the ledger could be read: where not, the other figures are 0. Of receipts
    whose effect is unsettled, at most a thousand are counted; the oldest hundred are looked at for
    how long the oldest one has been in doubt, in seconds, 0 where none is.
    """

    readable: bool
    sealed: bool = False
    size: int = 0
    anchored: int = 0
    unsettled: int = 0
    in_doubt_seconds: int = 0


async def measure_state(context: Context, ledger: Ledger) -> Figures:
    """Return the figures of this moment; never raises for a ledger that cannot be read."""
    try:
        status = await ledger.status()
        rows = await context.store.find("receipt_unsettled", "", limit=MOST_COUNTED)
        keys = [receipt_key(row.value) for row in rows[:_MOST_READ]]  # their ids begin with the time: oldest first
        snapshot = await context.store.load(keys)
        notes = ledger.kept_notes()
    except UnavailableError:
        return Figures(readable=False)
    found = [read_receipt_record(entity) for key in keys if (entity := entity_of(snapshot, key)) is not None]
    return Figures(
        readable=True,
        sealed=status.seal is not None,
        size=status.size,
        anchored=max((_size(note, parse_vkey(status.vkey)) for note in notes), default=0),
        unsettled=len(rows),
        in_doubt_seconds=max((_in_doubt(context, record) for record in found), default=0),
    )


def _size(note: str, key: CheckpointKey) -> int:
    try:
        return open_checkpoint(note, key).size
    except VerificationError:
        return 0


def _in_doubt(context: Context, record: ReceiptRecord) -> int:
    if record.state is not ReceiptState.INDETERMINATE or record.deadline is None:
        return 0
    return max(0, int((context.clock.now() - record.deadline).total_seconds()))
