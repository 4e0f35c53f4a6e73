"""What entries hold of decisions: policies, enrolments, plans, approvals (see `record_types`)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.record import Record
from placet.domain.log.record_types import CODE, ID
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import Mode
from placet.domain.values.time import format_instant


class PolicyActivated(Struct, frozen=True, kw_only=True):
    """A policy came into force. `receipt` is the payload of the governed act's, empty at `init`."""

    policy_digest: Digest
    policy_version: str
    receipt: Object

    def to_object(self) -> Object:
        """Return the entry's data."""
        return {
            "policy_digest": self.policy_digest,
            "policy_version": self.policy_version,
            "receipt": self.receipt,
        }


def read_policy_activated(data: Value) -> PolicyActivated:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="activation of a policy", code=CODE)
    read = PolicyActivated(
        policy_digest=record.digest("policy_digest"),
        policy_version=record.text("policy_version"),
        receipt=record.object("receipt"),
    )
    record.end()
    return read


class PrincipalEnrolled(Struct, frozen=True, kw_only=True):
    """A principal as of this entry, as the object that `authorization.principal` writes and reads.

    `receipt` is the payload of the governed act's, empty where the bootstrap key enrolled.
    """

    principal: Object
    receipt: Object

    def to_object(self) -> Object:
        """Return the entry's data."""
        return {"principal": self.principal, "receipt": self.receipt}


def read_principal_enrolled(data: Value) -> PrincipalEnrolled:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="enrolment", code=CODE)
    read = PrincipalEnrolled(principal=record.object("principal"), receipt=record.object("receipt"))
    record.end()
    return read


class PlanCreated(Struct, frozen=True, kw_only=True):
    """A plan was stored: its digest names its bytes."""

    run_id: str
    mode: Mode
    plan_digest: Digest
    policy_digest: Digest

    def to_object(self) -> Object:
        """Return the entry's data."""
        return {
            "run_id": self.run_id,
            "mode": self.mode.value,
            "plan_digest": self.plan_digest,
            "policy_digest": self.policy_digest,
        }


def read_plan_created(data: Value) -> PlanCreated:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="plan's entry", code=CODE)
    read = PlanCreated(
        run_id=record.text("run_id", ID),
        mode=record.choice("mode", Mode),
        plan_digest=record.digest("plan_digest"),
        policy_digest=record.digest("policy_digest"),
    )
    record.end()
    return read


class ApprovalRecorded(Struct, frozen=True, kw_only=True):
    """An approval object, the SSH signature over its canonical bytes (base64 of the SSHSIG blob), its assurance.

    `recorded_at` is the instant for which it was verified; it orders what approvers say. The
    signature is empty at assurance 1: there the Core vouches for the `session`, whose id stands here
    then and never else.
    """

    approval: Object
    signature: str
    assurance: int
    recorded_at: datetime
    session: str = ""

    def to_object(self) -> Object:
        """Return the entry's data; `session` only where there is one."""
        session: Object = {"session": self.session} if self.session else {}
        return {
            **session,
            "approval": self.approval,
            "signature": self.signature,
            "assurance": self.assurance,
            "recorded_at": format_instant(self.recorded_at),
        }


def read_approval_recorded(data: Value) -> ApprovalRecorded:
    """Return the record that `data` holds, or raise `InvalidInputError` (`ENTRY_DATA_MALFORMED`)."""
    record = Record(data, what="approval's entry", code=CODE)
    session = record.text("session", ID) if record.holds("session") else ""
    read = ApprovalRecorded(
        approval=record.object("approval"),
        signature=record.text("signature", r"[A-Za-z0-9+/=]*"),
        assurance=record.integer("assurance", least=1, most=3),
        recorded_at=record.instant("recorded_at"),
        session=session,
    )
    record.end()
    if (read.assurance == 1, not read.signature) != (bool(session), bool(session)):
        record.refuse("is neither signed nor vouched for by a session")
    return read
