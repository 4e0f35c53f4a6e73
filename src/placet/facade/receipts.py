"""Receipts: where one is in its life, and taking back one that was not used (protocol 3 and 5)."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.time import format_instant
from placet.facade.requester import requester_of
from placet.facade.visible import check_receipt_goes_on, check_receipt_seen, check_run_goes_on
from placet.usecases.request_receipt import request_receipt
from placet.usecases.revoke_receipt import revoke_receipt
from placet.usecases.show_receipt import ReceiptView, show_receipt


class Receipts:
    """Receipts by id; none is ever shown with its MAC."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    async def show(self, receipt_id: str) -> Object:
        """Return a receipt's payload, its state, its checks, and the entries that tell its life."""
        await check_receipt_seen(self._opened, receipt_id)
        return _view(await show_receipt(self._context, receipt_id))

    async def revoke(self, receipt_id: str, *, requester: str = "") -> Object:
        """Take back a receipt that was not used; raise `DeniedError` (`RECEIPT_CONSUMED`, …) where it was."""
        actor = await requester_of(self._opened, requester)
        await check_receipt_goes_on(self._opened, receipt_id)
        await revoke_receipt(self._context, receipt_id, actor=actor)
        return await self.show(receipt_id)

    async def request(self, operation_id: str) -> Object:
        """Ask for the receipt of an operation, and return it as `show`: the one that stands, or a fresh one.

        It lets nobody do anything but have the run go on, which spends it. Raise as `request_receipt`.
        """
        await check_run_goes_on(self._opened, operation_id.partition("/")[0])
        return await self.show(await request_receipt(self._context, operation_id))


def _view(view: ReceiptView) -> Object:
    record = view.record
    life: list[Value] = [
        {"seq": each.seq, "type": each.type, "actor": each.actor, "recorded_at": format_instant(each.time)}
        for each in view.life
    ]
    return {
        "receipt_id": record.receipt_id,
        "state": record.state.value,
        "expired": view.expired,
        "operation_id": record.operation_id,
        "attempt": record.attempt,
        "deadline": format_instant(record.deadline) if record.deadline else "",
        "lookups": record.lookups,
        "error_code": record.error_code,
        "response": record.response,
        "payload": view.payload,
        "payload_digest": record.payload_digest,
        "life": life,
        "checks": view.assessment.checks,
        "denied_with": view.assessment.code,
    }
