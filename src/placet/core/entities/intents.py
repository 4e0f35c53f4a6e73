"""Intents: what a dry run would have done, kept so that people find it again. Nothing here can be performed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.stored import record_of, with_index
from placet.domain.authorization.operation import OPERATION_ID
from placet.domain.authorization.receipt import RECEIPT_ID
from placet.domain.encoding.canonical import Object, Value
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.time import format_instant


class IntentRecord(Struct, frozen=True, kw_only=True):
    """One operation that its mode blocked.

    `receipt_id` names the advisory receipt, which is in the entry and stored nowhere as a receipt;
    `reasons` are its reasons; `awaiting` tells that only approvals were missing besides the mode;
    `not_made` what the operation stands on and a dry run does not make.
    """

    operation_id: str
    receipt_id: str
    reasons: tuple[str, ...]
    awaiting: bool
    not_made: tuple[str, ...]
    recorded_at: datetime

    @property
    def key(self) -> EntityKey:
        """Return `intent/RUN/PLAN/STEP`."""
        return intent_key(self.operation_id)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "operation_id": self.operation_id,
            "receipt_id": self.receipt_id,
            "reasons": list[Value](self.reasons),
            "awaiting": self.awaiting,
            "not_made": list[Value](self.not_made),
            "recorded_at": format_instant(self.recorded_at),
        }
        return with_index(members, [("intent", self.operation_id)])


def intent_key(operation_id: str) -> EntityKey:
    """Return the key of what a dry run recorded of an operation."""
    return EntityKey(f"intent/{operation_id}")


def read_intent(entity: Entity) -> IntentRecord:
    """Return the intent that the entity holds."""
    record = record_of(entity, "intent")
    intent = IntentRecord(
        operation_id=record.text("operation_id", OPERATION_ID),
        receipt_id=record.text("receipt_id", RECEIPT_ID),
        reasons=record.texts("reasons"),
        awaiting=record.flag("awaiting"),
        not_made=record.texts("not_made"),
        recorded_at=record.instant("recorded_at"),
    )
    record.end()
    return intent
