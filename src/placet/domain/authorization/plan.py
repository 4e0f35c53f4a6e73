"""A plan: the immutable, ordered operations of a run, and its digest (protocol 1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from msgspec import Struct, field

from placet.domain.authorization.operation import RUN_ID, Operation, read_operation
from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, Object, decode, encode
from placet.domain.encoding.record import Record
from placet.domain.values.digest import Digest, separated_digest
from placet.domain.values.kinds import Mode
from placet.domain.values.time import format_instant
from placet.errors import InvalidInputError

_CODE = "PLAN_INVALID"
PRINCIPAL = r"(person|ci|agent|service|bootstrap):[A-Za-z0-9@._:/*-]{1,200}"


class Plan(Struct, frozen=True, kw_only=True, dict=True):
    """What a run wants done, in order, by whom it was asked, and under which policy.

    `claims` are what the requester's verified identity said of the request (environment, event),
    empty where none was verified; never what a requester says of itself.
    """

    issuer: str
    run_id: str
    created_at: datetime
    nonce: str
    mode: Mode
    requester: str
    policy_digest: Digest
    operations: tuple[Operation, ...]
    claims: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the plan's canonical bytes, at most 256 KiB; `claims` stands only where there are any."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        claims: Object = {"claims": dict(self.claims)} if self.claims else {}
        return encode(
            {
                **claims,
                "v": 1,
                "typ": "plan",
                "issuer": self.issuer,
                "run_id": self.run_id,
                "created_at": format_instant(self.created_at),
                "nonce": self.nonce,
                "mode": self.mode.value,
                "requester": self.requester,
                "policy_digest": self.policy_digest,
                "operations": [operation.to_object() for operation in self.operations],
            },
            limit=PLAN_LIMIT_BYTES,
        )

    def digest(self) -> Digest:
        """Return `plan_digest`, which approvals and receipts are bound to."""
        return self._digest

    @cached_property
    def _digest(self) -> Digest:
        return separated_digest("plan", self.mode, self.encode())

    def operation(self, operation_id: str) -> Operation | None:
        """Return the operation of that id, or None."""
        return next((each for each in self.operations if each.operation_id == operation_id), None)


def parse_plan(encoded: bytes) -> Plan:
    """Return the plan that canonical `encoded` spells.

    Raise `InvalidInputError` (`PLAN_INVALID`, `JSON_INVALID`, `JSON_NOT_CANONICAL`) for anything
    else: unknown members, operations of another run, or steps that are not 1, 2, 3, ….
    """
    record = Record(decode(encoded, limit=PLAN_LIMIT_BYTES), what="plan", code=_CODE)
    record.constant("v", 1)
    record.constant("typ", "plan")
    plan = Plan(
        issuer=record.text("issuer", r"[!-~]{1,256}"),
        run_id=record.text("run_id", RUN_ID),
        created_at=record.instant("created_at"),
        nonce=record.text("nonce", r"[0-9a-f]{32}"),
        mode=record.choice("mode", Mode),
        requester=record.text("requester", PRINCIPAL),
        policy_digest=record.digest("policy_digest"),
        operations=record.list_of("operations", read_operation),
        claims=_read_claims(record),
    )
    record.end()
    _check_steps(plan)
    return plan


def _read_claims(record: Record) -> Mapping[str, str]:
    if not record.holds("claims"):
        return {}
    members = record.object("claims")
    claims = {name: value for name, value in members.items() if isinstance(value, str) and value}
    if not claims or len(claims) != len(members):
        record.refuse("does not have texts as claims")
    return claims


def _check_steps(plan: Plan) -> None:
    if not plan.operations:
        raise InvalidInputError(_CODE, "the plan has no operation")
    prefix = plan.operations[0].operation_id.rpartition("/")[0]
    expected = [f"{prefix}/{step}" for step in range(1, len(plan.operations) + 1)]
    if prefix.partition("/")[0] != plan.run_id or [each.operation_id for each in plan.operations] != expected:
        raise InvalidInputError(_CODE, "the plan's operations are not steps 1, 2, 3 and so on of one plan of its run")
