"""What a governed act replaces: bound when it is planned, compared when it is performed (protocol 6).

Approvals live for a day, and anybody may carry out what is approved. Without this, an older policy,
record or role that was approved and kept back could replace a newer one.
"""

from __future__ import annotations

from placet.domain.authorization.operation import Operation, Precondition
from placet.errors import DeniedError

REPLACED_FACT = "replaces"


def bound_to_replaced(standing: str, preconditions: tuple[Precondition, ...]) -> tuple[Precondition, ...]:
    """Return the preconditions with what stands before them; unchanged where nothing is replaced."""
    return (Precondition(fact=REPLACED_FACT, expected=standing), *preconditions) if standing else preconditions


def check_replaces(operation: Operation, standing: str) -> None:
    """Return where what `operation` replaces is what stood when it was planned and approved.

    Raise `DeniedError` (`STALE_SUBJECT`).
    """
    planned = next((each.expected for each in operation.preconditions if each.fact == REPLACED_FACT), "")
    if planned != standing:
        raise DeniedError(
            "STALE_SUBJECT",
            f"what {operation.operation_kind.value} of {operation.subject.name} would replace has changed since it "
            "was planned",
            hint="ask for it again: it was approved in place of something else",
        )
