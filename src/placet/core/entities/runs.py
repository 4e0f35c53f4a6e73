"""Runs, their plans, and the state of each operation."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from placet.core.entities.credentials import CREDENTIAL_ID
from placet.core.entities.names import word_rows
from placet.core.entities.stored import record_of, remembered, with_index
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import OPERATION_ID, RUN_ID
from placet.domain.authorization.plan import PRINCIPAL, Plan, parse_plan
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.kinds import Mode
from placet.domain.values.time import format_instant

NAMED_RUNS = "run_name"
"""The index of runs by the words of what they are about."""


class RunState(StrEnum):
    """How far a run has come."""

    REQUESTED = "requested"
    PLANNED = "planned"
    EXECUTED = "executed"
    DENIED = "denied"
    ABANDONED = "abandoned"
    BLOCKED_BY_MODE = "blocked_by_mode"
    FAILED = "failed"
    CONFLICT = "conflict"


CLOSED_STATES = frozenset(RunState) - {RunState.REQUESTED, RunState.PLANNED}
"""States that nothing follows."""
PLANS_OF_A_PUBLICATION = 2
"""The certificate's, then the publication's (protocol 1)."""


class Run(Struct, frozen=True, kw_only=True):
    """One attempt to publish. `subject` is what it is about, for people and for finding it again.

    `archive_sha256` is the hex digest of the unstamped tar stream, empty for governed acts;
    `plans` how many plans it has; `certificate_id` empty until one was issued; `credential_id` is
    what the requester showed over the network, empty where they asked on the machine itself.
    """

    run_id: str
    mode: Mode
    requester: str
    state: RunState
    subject: str
    archive_sha256: str
    certificate_id: str
    plans: int
    requested_at: datetime
    credential_id: str = ""

    @property
    def key(self) -> EntityKey:
        """Return `run/ID`."""
        return run_key(self.run_id)

    @property
    def is_being_prepared(self) -> bool:
        """Tell whether it is to publish an archive, and has no plan yet but its certificate's."""
        return bool(self.archive_sha256) and self.plans < PLANS_OF_A_PUBLICATION

    def moved(self, state: RunState) -> Run:
        """Return the run in another state."""
        return replace(self, state=state)

    def certified(self, certificate_id: str) -> Run:
        """Return the run with its certificate."""
        return replace(self, certificate_id=certificate_id)

    def planned(self) -> Run:
        """Return the run with one more plan."""
        return replace(self, state=RunState.PLANNED, plans=self.plans + 1)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        shown: Object = {"credential_id": self.credential_id} if self.credential_id else {}
        members: Object = {
            **shown,
            "run_id": self.run_id,
            "mode": self.mode.value,
            "requester": self.requester,
            "state": self.state.value,
            "subject": self.subject,
            "archive_sha256": self.archive_sha256,
            "certificate_id": self.certificate_id,
            "plans": self.plans,
            "requested_at": format_instant(self.requested_at),
        }
        rows = [
            ("run", self.run_id),
            ("run_subject", self.subject),
            ("run_requester", self.requester),
            *word_rows(NAMED_RUNS, self.subject),
        ]
        if self.state not in CLOSED_STATES:
            rows.append(("run_open", f"{self.mode.value}/{self.subject}/{self.archive_sha256}"))
        return with_index(members, rows)


def run_key(run_id: str) -> EntityKey:
    """Return the key of a run."""
    return EntityKey(f"run/{run_id}")


@remembered
def read_run(entity: Entity) -> Run:
    """Return the run that the entity holds."""
    record = record_of(entity, "run")
    run = Run(
        run_id=record.text("run_id", RUN_ID),
        mode=record.choice("mode", Mode),
        requester=record.text("requester", PRINCIPAL),
        state=record.choice("state", RunState),
        subject=record.text("subject"),
        archive_sha256=record.text("archive_sha256", r"([0-9a-f]{64})?"),
        certificate_id=record.text("certificate_id"),
        plans=record.integer("plans"),
        requested_at=record.instant("requested_at"),
        credential_id=record.later_text("credential_id", CREDENTIAL_ID),
    )
    record.end()
    return run


def plan_key(run_id: str, number: int) -> EntityKey:
    """Return the key of a run's plan."""
    return EntityKey(f"plan/{run_id}/{number}")


def plan_key_of(operation_id: str) -> EntityKey:
    """Return the key of the plan that an operation belongs to."""
    return EntityKey("plan/" + operation_id.rpartition("/")[0])


def plan_object(plan: Plan) -> Object:
    """Return the entity that keeps a plan's canonical text."""
    return with_index({"plan": plan.encode().decode("ascii")}, [("plan_digest", plan.digest())])


@remembered
def read_plan(entity: Entity) -> Plan:
    """Return the plan that the entity holds."""
    record = record_of(entity, "stored plan")
    plan = parse_plan(record.text("plan").encode("ascii"))
    record.end()
    return plan


class OperationState(Struct, frozen=True, kw_only=True):
    """Which receipt, of which attempt, an operation has now; `receipt_id` empty before the first."""

    operation_id: str
    attempt: int
    receipt_id: str
    state: ReceiptState

    @property
    def key(self) -> EntityKey:
        """Return `operation/RUN/PLAN/STEP`."""
        return operation_key(self.operation_id)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "operation_id": self.operation_id,
            "attempt": self.attempt,
            "receipt_id": self.receipt_id,
            "state": self.state.value,
        }
        return with_index(members, [])


def operation_key(operation_id: str) -> EntityKey:
    """Return the key of an operation's state."""
    return EntityKey(f"operation/{operation_id}")


def read_operation_state(entity: Entity) -> OperationState:
    """Return the operation state that the entity holds."""
    record = record_of(entity, "operation state")
    state = OperationState(
        operation_id=record.text("operation_id", OPERATION_ID),
        attempt=record.integer("attempt", least=1),
        receipt_id=record.text("receipt_id"),
        state=record.choice("state", ReceiptState),
    )
    record.end()
    return state
