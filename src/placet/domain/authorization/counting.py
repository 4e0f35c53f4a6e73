"""Counting approvals: who may speak for a group, and whose word counts once (protocol 6)."""

from __future__ import annotations

from msgspec import Struct

from placet.domain.authorization.approval import VerifiedApproval
from placet.domain.authorization.circumstances import Circumstances, LastWords
from placet.domain.authorization.exclusion import excluded_accounts
from placet.domain.authorization.facts import Refusal
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Demand, Policy
from placet.domain.authorization.principal import check_may_approve
from placet.errors import DeniedError

_INELIGIBLE = "APPROVER_INELIGIBLE"
_MISSING = "APPROVALS_MISSING"
_LOW = "APPROVAL_ASSURANCE_LOW"


class Count(Struct, frozen=True, kw_only=True):
    """How one demand stands: the approvals that count, at most as many as demanded, and why no more.

    `refusals` is empty exactly when the demand is met; the general one, APPROVALS_MISSING, is last.
    """

    demand: Demand
    counted: tuple[VerifiedApproval, ...]
    refusals: tuple[Refusal, ...]


def count(demand: Demand, words: LastWords, policy: Policy, plan: Plan, circumstances: Circumstances) -> Count:
    """Return how `demand` stands: distinct enrolments, earliest recorded first, each counting once."""
    counted: list[VerifiedApproval] = []
    refusals: list[Refusal] = []
    for verified in words.approvals:
        if verified.approval.group != demand.group:
            continue
        refusal = why_not(verified, demand, policy, plan, circumstances) or _repeated(verified, counted)
        if refusal:
            refusals.append(refusal)
        else:
            counted.append(verified)
    if len(counted) >= demand.count:
        return Count(demand=demand, counted=tuple(counted[: demand.count]), refusals=())
    missing = Refusal(
        code=_MISSING,
        sentence=f"group {demand.group} has {len(counted)} of {demand.count} approvals at assurance {demand.assurance}",
    )
    return Count(demand=demand, counted=tuple(counted), refusals=(*refusals, missing))


def why_not(
    verified: VerifiedApproval, demand: Demand, policy: Policy, plan: Plan, circumstances: Circumstances
) -> Refusal | None:
    """Return why this approval does not count for `demand`, or None where it does.

    The approver must be a member of the group now, enrolled and not disabled, with the key still
    good, and neither the requester, nor the owner of a requesting agent, nor excluded otherwise;
    the approval must not be out of time, and its assurance high enough.
    """
    approval = verified.approval
    if circumstances.now >= approval.expires_at:
        return Refusal(code=_MISSING, sentence=f"the approval of {approval.approver} has expired")
    if approval.approver not in policy.groups.get(demand.group, frozenset()):
        return Refusal(code=_INELIGIBLE, sentence=f"{approval.approver} is not in group {demand.group}")
    if is_excluded(verified, plan, circumstances):
        return Refusal(
            code=_INELIGIBLE,
            sentence=f"{approval.approver} asked for this, owns who asked, or pushed or merged it as far as is known, "
            "and may not approve it",
        )
    try:
        approver = circumstances.principals.get(approval.approver)
        check_may_approve(approver, approval.key_id, circumstances.now, said_at=verified.recorded_at)
    except DeniedError as error:
        return Refusal(code=error.code, sentence=error.message)
    if verified.assurance < demand.assurance:
        return Refusal(
            code=_LOW,
            sentence=f"the approval of {approval.approver} has assurance {verified.assurance}, "
            f"{demand.assurance} is demanded",
        )
    return None


def excluded_persons(plan: Plan, circumstances: Circumstances) -> frozenset[str]:
    """Return the ids that may not approve this plan.

    The requester and its owner, whose account pushed or merged what the plan is about (everybody,
    where that is not known), and those excluded otherwise.
    """
    requester = circumstances.principals.get(plan.requester)
    owner = {requester.on_behalf_of} if requester and requester.on_behalf_of else set()
    return circumstances.excluded | owner | {plan.requester} | _who_wrote_it(plan, circumstances)


def _who_wrote_it(plan: Plan, circumstances: Circumstances) -> set[str]:
    accounts = excluded_accounts(plan)
    known = circumstances.principals.values()
    return {each.principal_id for each in known if accounts is None or not accounts.isdisjoint(each.accounts)}


def is_excluded(verified: VerifiedApproval, plan: Plan, circumstances: Circumstances) -> bool:
    """Tell whether an approval is of somebody who may not approve this plan, under whatever account."""
    # A second account of the same person is found by its key: one key is one enrolment.
    persons = excluded_persons(plan, circumstances)
    known = [circumstances.principals[each] for each in persons if each in circumstances.principals]
    keys = {key.key_id for principal in known for key in principal.keys}
    return verified.approval.approver in persons or verified.approval.key_id in keys


def _repeated(verified: VerifiedApproval, counted: list[VerifiedApproval]) -> Refusal | None:
    approval = verified.approval
    for other in counted:
        if other.approval.approver == approval.approver or other.approval.key_id == approval.key_id:
            return Refusal(code=_INELIGIBLE, sentence=f"{approval.approver} counts once for group {approval.group}")
    return None
