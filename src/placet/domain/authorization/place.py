"""Where an effect goes: the provider's kind and address, bound into the operation (protocol 5 and 6).

A plan names a provider by its id. So that approvers see, and receipts are bound to, the address
behind it, planning writes the provider's record as a precondition of each outside operation: the
fact `provider`, which is ours and not asked of anybody. Who replaces the record later makes the
plan stale, and leads no effect and no look-up elsewhere.
"""

from __future__ import annotations

from placet.domain.authorization.operation import Operation, Precondition
from placet.domain.authorization.replaced import REPLACED_FACT
from placet.errors import DeniedError

PROVIDER_FACT = "provider"
OUR_FACTS = frozenset({PROVIDER_FACT, REPLACED_FACT})
"""Facts of our own store: planning binds them, and nobody asks for them or is asked."""


def place(kind: str, url: str, *, private: bool) -> str:
    """Return kind and address as one text: `npm https://registry.example.com/`.

    `npm(private) …` where the operator lets the name lead into a private network.
    """
    return f"{kind}{'(private)' if private else ''} {url}"


def planned_place(operation: Operation) -> str:
    """Return where the plan says that the effect goes, empty where it does not say."""
    return next((each.expected for each in operation.preconditions if each.fact == PROVIDER_FACT), "")


def check_leads_to(operation: Operation, present: str) -> None:
    """Return where the provider's record leads to `present` now, and did when `operation` was planned.

    Raise `DeniedError` (`STALE_SUBJECT`): an id is no address, and another one was approved.
    """
    planned = planned_place(operation)
    if present != planned:
        raise DeniedError(
            "STALE_SUBJECT",
            f"provider {operation.subject.provider} leads to {present or 'nowhere'}, "
            f"planned was {planned or 'nowhere'}",
            hint="deny this run and plan again, or put the provider's record back",
        )


def bound_to(where: str, preconditions: tuple[Precondition, ...]) -> tuple[Precondition, ...]:
    """Return the preconditions with the place before them; unchanged where there is none to bind."""
    return (Precondition(fact=PROVIDER_FACT, expected=where), *preconditions) if where else preconditions


def asked_of_provider(operation: Operation) -> tuple[Precondition, ...]:
    """Return the preconditions whose facts a provider holds, so that it must be asked."""
    return tuple(each for each in operation.preconditions if each.fact not in OUR_FACTS)
