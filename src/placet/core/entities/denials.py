"""What was denied, kept so that people find out why something did not ship."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.stored import record_of, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.time import format_instant


class DeniedRequest(Struct, frozen=True, kw_only=True):
    """One denial: its code and sentence, every check's result, who asked for what, and when.

    `receipt_id` is set where the signature held, `shown` is the digest of a token that was not
    believed. `alert` says that somebody should look: a replay, a forgery, or other bytes. A service
    records repeats together: so many `times`, the first of them at `since`.
    """

    denial_id: str
    code: str
    sentence: str
    alert: bool
    checks: Object
    receipt_id: str
    shown: str
    actor: str
    run_id: str
    operation_id: str
    denied_at: datetime
    times: int
    since: datetime

    @property
    def key(self) -> EntityKey:
        """Return `denied_request/ID`."""
        return EntityKey(f"denied_request/{self.denial_id}")

    def facts(self) -> Object:
        """Return what the entry holds: everything but its own id, actor and time."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "alert": self.alert,
            "checks": self.checks,
            "receipt_id": self.receipt_id,
            "shown": self.shown,
            "run_id": self.run_id,
            "operation_id": self.operation_id,
            "times": self.times,
            "since": format_instant(self.since),
        }

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            **self.facts(),
            "denial_id": self.denial_id,
            "actor": self.actor,
            "denied_at": format_instant(self.denied_at),
        }
        return with_index(members, [("denied_request", f"{self.run_id}/{self.denial_id}")])


def read_denied_request(entity: Entity) -> DeniedRequest:
    """Return the denial that the entity holds."""
    record = record_of(entity, "denied request")
    denied_at = record.instant("denied_at")
    denied = DeniedRequest(
        denial_id=record.text("denial_id"),
        code=record.text("code"),
        sentence=record.text("sentence"),
        alert=record.flag("alert"),
        checks=record.object("checks"),
        receipt_id=record.text("receipt_id"),
        shown=record.text("shown"),
        actor=record.text("actor"),
        run_id=record.text("run_id"),
        operation_id=record.text("operation_id"),
        denied_at=denied_at,
        times=record.integer("times", least=1) if record.holds("times") else 1,
        since=record.instant("since") if record.holds("since") else denied_at,
    )
    record.end()
    return denied
