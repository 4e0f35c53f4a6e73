"""Show one receipt: what it allows, where it is in its life, and the entries that tell so (protocol 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from placet.core.assess import Assessment, assess
from placet.core.context import Context
from placet.core.entities.receipts import ReceiptRecord, read_receipt_record, receipt_key
from placet.core.entities.stored import required
from placet.core.lookup import entry_at
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.receipt import parse_receipt
from placet.domain.encoding.canonical import Object, decode
from placet.domain.log.entry import Entry
from placet.domain.log.receipt_records import read_receipt_reserved
from placet.domain.log.record_types import EntryType


class Moment(Struct, frozen=True, kw_only=True):
    """One entry of a receipt's life."""

    seq: int
    type: str
    actor: str
    time: datetime


class ReceiptView(Struct, frozen=True, kw_only=True):
    """A receipt with its payload; `expired` where its own time ran out before it was used.

    `life` holds the entries that issued it, consumed it, and last wrote it, oldest first. `assessment`
    is what the checks say now of one that was not used, and what they said of one that was: a core
    operation passes them in the change that performs it, which records none.
    """

    record: ReceiptRecord
    payload: Object
    expired: bool
    life: tuple[Moment, ...]
    assessment: Assessment


async def show_receipt(context: Context, receipt_id: str) -> ReceiptView:
    """Return what is on record about a receipt; raise `NotFoundError` where there is none."""
    key = receipt_key(receipt_id)
    entity = required(await context.store.load([key]), key, f"receipt {receipt_id[:60]}")
    record = read_receipt_record(entity)
    payload = record.payload.encode("ascii")
    once = (f"receipt/{record.receipt_id}", f"effect/{record.operation_id}/{record.attempt}")
    used = [await context.store.once_seq(each) for each in once]
    seqs = sorted({seq for seq in (*used, entity.revision) if seq is not None and seq <= entity.revision})
    unused = record.state is ReceiptState.ISSUED
    reserved = [await entry_at(context, seq) for seq in used if seq is not None]
    return ReceiptView(
        record=record,
        payload=decode(payload),
        expired=unused and context.clock.now() >= parse_receipt(payload).expires_at,
        life=tuple([await _moment(context, seq) for seq in seqs]),
        assessment=await assess(context, record) if unused else _recorded(reserved),
    )


def _recorded(entries: Sequence[Entry]) -> Assessment:
    """Return the checks that were recorded when the receipt was consumed."""
    reservations = [
        read_receipt_reserved(each.body.data).checks
        for each in entries
        if each.body.type == EntryType.RECEIPT_RESERVED and not isinstance(each.body.data, str)
    ]
    return Assessment(checks=reservations[-1] if reservations else {}, code="", sentence="")


async def _moment(context: Context, seq: int) -> Moment:
    entry = await entry_at(context, seq)
    return Moment(seq=seq, type=entry.body.type, actor=entry.body.actor, time=entry.time)
