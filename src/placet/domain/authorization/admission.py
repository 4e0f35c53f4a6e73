"""Whether what somebody says on a plan is worth recording at all (protocol 6)."""

from __future__ import annotations

from placet.domain.authorization.approval import ApprovalDecision, VerifiedApproval
from placet.domain.authorization.circumstances import Circumstances
from placet.domain.authorization.counting import why_not
from placet.domain.authorization.evaluate import terms_of
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Demand, Policy
from placet.errors import DeniedError


def check_admissible(policy: Policy, plan: Plan, verified: VerifiedApproval, circumstances: Circumstances) -> None:
    """Return only if what `verified` says may be recorded now.

    An approve must count for its group in at least one operation; a deny must come from an
    approver of the policy. Raise `DeniedError` with the code of the obstacle: APPROVER_INELIGIBLE,
    APPROVAL_ASSURANCE_LOW or APPROVALS_MISSING (expired). Whether a withdraw has something to take
    back, `Denial.withdrawn` tells.
    """
    if verified.approval.decision is ApprovalDecision.APPROVE:
        _check_approve(policy, plan, verified, circumstances)
    elif verified.approval.decision is ApprovalDecision.DENY and not policy.is_approver(verified.approval.approver):
        raise DeniedError("APPROVER_INELIGIBLE", f"{verified.approval.approver} is in no group of the policy")


def groups_open_to(policy: Policy, plan: Plan, principal_id: str) -> tuple[str, ...]:
    """Return the groups that the plan demands and that name this principal, sorted.

    For people who are to choose for whom they speak; nothing is decided by it.
    """
    demanded = {demand.group for demand in _demands(policy, plan)}
    return tuple(sorted(group for group in demanded if principal_id in policy.groups[group]))


def _check_approve(policy: Policy, plan: Plan, verified: VerifiedApproval, circumstances: Circumstances) -> None:
    group = verified.approval.group
    demands = [demand for demand in _demands(policy, plan) if demand.group == group]
    if not demands:
        whose = f"of group {group}" if group else f"that {verified.approval.approver} could give"
        raise DeniedError("APPROVER_INELIGIBLE", f"the policy demands no approval {whose} for this plan")
    easiest = min(demands, key=lambda demand: demand.assurance)
    refusal = why_not(verified, easiest, policy, plan, circumstances)
    if refusal:
        raise DeniedError(refusal.code, refusal.sentence)


def _demands(policy: Policy, plan: Plan) -> list[Demand]:
    terms = [terms_of(policy, plan, operation) for operation in plan.operations]
    return [demand for each in terms if each for demand in each.demands]
