"""Break-glass: two persons may waive approvals, freezes and windows by name, for an hour (protocol 6).

It is an approval type, signed as any other, that says what it waives and by digest why. It never
waives signature, single use, digests, mode or ledger, nor a denial, nor that a rule has to match;
it is for publications alone, and nobody can change with it who may say yes.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from placet.domain.authorization.approval import SIGNED, Approval, VerifiedApproval
from placet.domain.authorization.circumstances import Circumstances, LastWords
from placet.domain.authorization.counting import count
from placet.domain.authorization.facts import Refusal
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Demand, Policy
from placet.domain.authorization.principal import PrincipalKind
from placet.domain.values.kinds import CORE_KINDS, Mode, OperationKind

APPROVALS, FREEZE, WINDOWS = "approvals", "freeze", "windows"
WAIVABLE = (APPROVALS, FREEZE, WINDOWS)
PERSONS = 2
LONGEST = timedelta(hours=1)
MOST_RECEIPTS = 3
_COVERED = (frozenset(OperationKind) - CORE_KINDS) | {OperationKind.REGISTER_PACKAGE}
_INVALID = "BREAK_GLASS_INVALID"
_EXCEEDED = "BREAK_GLASS_EXCEEDED"


class BrokenGlass(Struct, frozen=True, kw_only=True):
    """What two persons waived together, why (the digest of a text), and the approvals that say so."""

    waives: frozenset[str]
    justification: str
    counted: tuple[VerifiedApproval, ...]


def broken_glass(
    policy: Policy, plan: Plan, said: tuple[VerifiedApproval, ...], circumstances: Circumstances
) -> BrokenGlass | None:
    """Return what is waived for `plan`: the first exception that enough persons signed alike, or None.

    They must be different members of the policy's break-glass group, each as eligible as for any
    other approval, and have said the same: what is waived, and why.
    """
    demand = demand_of(policy)
    if demand is None:
        return None
    valid = tuple(each for each in said if why_invalid(each.approval, plan) is None)
    for waives, justification in dict.fromkeys((each.approval.waives, each.approval.justification) for each in valid):
        alike = tuple(
            each for each in valid if (each.approval.waives, each.approval.justification) == (waives, justification)
        )
        found = count(demand, LastWords(approvals=alike, deniers=(), exceptions=()), policy, plan, circumstances)
        if not found.refusals:
            return BrokenGlass(waives=frozenset(waives), justification=justification, counted=found.counted)
    return None


def demand_of(policy: Policy) -> Demand | None:
    """Return whose signatures break the glass, None where the policy lets nobody."""
    return Demand(group=policy.break_glass, count=PERSONS, assurance=SIGNED) if policy.break_glass else None


def why_invalid(approval: Approval, plan: Plan) -> Refusal | None:
    """Return why the exception that `approval` asks for can never be made, or None where it can.

    Code BREAK_GLASS_INVALID for what cannot be waived, a missing justification, more than an hour,
    and for plans of anything but a publication or of an agent; BREAK_GLASS_EXCEEDED for plans that
    would take more than three receipts.
    """
    reasons = (
        ("it waives nothing, or not each once in order", not approval.waives or not _in_order(approval.waives)),
        (f"only {', '.join(WAIVABLE)} can be waived", not set(approval.waives) <= set(WAIVABLE)),
        ("it gives no justification", not approval.justification),
        ("it is for more than an hour", approval.expires_at - approval.issued_at > LONGEST),
        ("an agent asked", plan.requester.partition(":")[0] == PrincipalKind.AGENT.value),
        ("a dry run has nothing to waive", plan.mode is not Mode.PROD),
        ("it is for publications alone", any(each.operation_kind not in _COVERED for each in plan.operations)),
    )
    for sentence, holds in reasons:
        if holds:
            return Refusal(code=_INVALID, sentence=f"the glass cannot be broken: {sentence}")
    effects = sum(each.operation_kind not in CORE_KINDS for each in plan.operations)
    return exceeded(effects) if effects > MOST_RECEIPTS else None


def exceeded(receipts: int) -> Refusal:
    """Return the refusal of more receipts than the glass is broken for."""
    sentence = f"break-glass is for at most {MOST_RECEIPTS} receipts, this would take {receipts}"
    return Refusal(code=_EXCEEDED, sentence=sentence)


def _in_order(waives: tuple[str, ...]) -> bool:
    return list(waives) == sorted(set(waives))
