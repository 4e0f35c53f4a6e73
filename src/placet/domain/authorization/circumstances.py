"""What a decision rests on besides policy and plan, and what the approvers' last words are (protocol 6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from placet.domain.authorization.approval import ApprovalDecision, VerifiedApproval
from placet.domain.authorization.denial import Denial
from placet.domain.authorization.freeze import Freeze
from placet.domain.authorization.principal import Principal
from placet.domain.values.digest import Digest

_TURNS = (ApprovalDecision.DENY, ApprovalDecision.WITHDRAW)
_NEVER = (datetime.min.replace(tzinfo=UTC), False)


class Circumstances(Struct, frozen=True, kw_only=True):
    """Everything a decision rests on besides policy and plan, all of one moment.

    `approvals` are those recorded for this plan; `principals` the present state of the requester
    and of every approver, by id, absent where they are not enrolled; `denials` what stands under
    the plan's anchor keys; `freezes` the open ones; `embedded_in_ci` tells that this process acts by itself inside a
    detected CI environment; `excluded` names further persons who may not approve (the pusher and
    merger as the provider's accounts say).
    """

    approvals: tuple[VerifiedApproval, ...]
    principals: Mapping[str, Principal]
    denials: tuple[Denial, ...]
    now: datetime
    freezes: tuple[Freeze, ...] = ()
    embedded_in_ci: bool = False
    excluded: frozenset[str] = frozenset()


class LastWords(Struct, frozen=True, kw_only=True):
    """What still stands of everything that was said on one plan.

    `approvals` in the order in which they were recorded, likewise `exceptions`, the break-glass ones;
    `deniers` sorted.
    """

    approvals: tuple[VerifiedApproval, ...]
    deniers: tuple[str, ...]
    exceptions: tuple[VerifiedApproval, ...]


def last_words(said: tuple[VerifiedApproval, ...]) -> LastWords:
    """Return what stands: a deny or withdraw takes back what its approver said before or at that instant.

    A denial ends by withdrawing alone: approving after it changes nothing. Of a deny and a
    withdraw recorded at one instant the deny holds. The same signed words given again count from
    the first time: nobody revives a withdrawn approval by sending it once more.
    """
    once = _first_of_each(said)
    turned: dict[str, tuple[datetime, bool]] = {}
    for verified in once:
        if verified.approval.decision in _TURNS:
            word = (verified.recorded_at, verified.approval.decision is ApprovalDecision.DENY)
            turned[verified.approval.approver] = max(word, turned.get(verified.approval.approver, word))
    return LastWords(
        approvals=_standing(ApprovalDecision.APPROVE, once, turned),
        deniers=tuple(sorted(approver for approver, (_, denies) in turned.items() if denies)),
        exceptions=_standing(ApprovalDecision.BREAK_GLASS, once, turned),
    )


def _first_of_each(said: tuple[VerifiedApproval, ...]) -> list[VerifiedApproval]:
    first: dict[Digest, VerifiedApproval] = {}
    for verified in sorted(said, key=lambda each: (each.recorded_at, each.digest)):
        first.setdefault(verified.digest, verified)
    return list(first.values())


def _standing(
    decision: ApprovalDecision, said: list[VerifiedApproval], turned: Mapping[str, tuple[datetime, bool]]
) -> tuple[VerifiedApproval, ...]:
    return tuple(
        verified
        for verified in said
        if verified.approval.decision is decision
        and turned.get(verified.approval.approver, _NEVER)[0] < verified.recorded_at
    )
