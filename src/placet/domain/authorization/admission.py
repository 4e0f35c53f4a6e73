"""Whether what somebody says on a plan is worth recording at all (protocol 6)."""

from __future__ import annotations

from placet.domain.authorization.approval import ApprovalDecision, VerifiedApproval
from placet.domain.authorization.break_glass import demand_of, why_invalid
from placet.domain.authorization.circumstances import Circumstances
from placet.domain.authorization.counting import is_excluded, why_not
from placet.domain.authorization.evaluate import terms_of
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Demand, Policy
from placet.errors import DeniedError

_INELIGIBLE = "APPROVER_INELIGIBLE"
_BREAKS = ApprovalDecision.BREAK_GLASS


def check_admissible(policy: Policy, plan: Plan, verified: VerifiedApproval, circumstances: Circumstances) -> None:
    """Return only if what `verified` says may be recorded now.

    An approve must count for its group in at least one operation; a deny must come from an
    approver of the policy; a break_glass must be one that can count; a review must come from an
    approver who neither asked nor broke the glass. Raise `DeniedError` with the code of the
    obstacle: APPROVER_INELIGIBLE, APPROVAL_ASSURANCE_LOW, APPROVALS_MISSING (expired),
    BREAK_GLASS_INVALID or BREAK_GLASS_EXCEEDED. Whether a withdraw has something to take back,
    `Denial.withdrawn` tells.
    """
    decision = verified.approval.decision
    if decision is ApprovalDecision.APPROVE:
        _check_approve(policy, plan, verified, circumstances)
    elif decision is ApprovalDecision.BREAK_GLASS:
        _check_break_glass(policy, plan, verified, circumstances)
    elif decision is not ApprovalDecision.WITHDRAW and not policy.is_approver(verified.approval.approver):
        raise DeniedError(_INELIGIBLE, f"{verified.approval.approver} is in no group of the policy")
    elif decision is ApprovalDecision.REVIEW:
        _check_review(plan, verified, circumstances)


def groups_open_to(policy: Policy, plan: Plan, principal_id: str) -> tuple[str, ...]:
    """Return the groups that the plan demands and that name this principal, sorted.

    For people who are to choose for whom they speak; nothing is decided by it.
    """
    return tuple(group for group in groups_demanded(policy, plan) if principal_id in policy.groups[group])


def groups_demanded(policy: Policy, plan: Plan) -> tuple[str, ...]:
    """Return the groups whose approval the plan needs, sorted."""
    return tuple(sorted({demand.group for demand in _demands(policy, plan)}))


def _check_break_glass(policy: Policy, plan: Plan, verified: VerifiedApproval, circumstances: Circumstances) -> None:
    demand = demand_of(policy)
    if demand is None or verified.approval.group != demand.group:
        raise DeniedError(_INELIGIBLE, f"the policy lets nobody of {verified.approval.group} break the glass")
    refusal = why_invalid(verified.approval, plan) or why_not(verified, demand, policy, plan, circumstances)
    if refusal:
        raise DeniedError(refusal.code, refusal.sentence)


def _check_review(plan: Plan, verified: VerifiedApproval, circumstances: Circumstances) -> None:
    reviewer = verified.approval
    broke = [said.approval for said in circumstances.approvals if said.approval.decision is _BREAKS]
    if is_excluded(verified, plan, circumstances) or any(
        reviewer.approver == each.approver or reviewer.key_id == each.key_id for each in broke
    ):
        raise DeniedError(_INELIGIBLE, f"{reviewer.approver} asked for this or broke the glass: somebody else reviews")


def _check_approve(policy: Policy, plan: Plan, verified: VerifiedApproval, circumstances: Circumstances) -> None:
    group = verified.approval.group
    demands = [demand for demand in _demands(policy, plan) if demand.group == group]
    if not demands:
        whose = f"of group {group}" if group else f"that {verified.approval.approver} could give"
        raise DeniedError(_INELIGIBLE, f"the policy demands no approval {whose} for this plan")
    easiest = min(demands, key=lambda demand: demand.assurance)
    refusal = why_not(verified, easiest, policy, plan, circumstances)
    if refusal:
        raise DeniedError(refusal.code, refusal.sentence)


def _demands(policy: Policy, plan: Plan) -> list[Demand]:
    terms = [terms_of(policy, plan, operation) for operation in plan.operations]
    return [demand for each in terms if each for demand in each.demands]
