"""Evaluating a policy on a plan and its approvals (protocol 1, 2 and 6).

Pure, deterministic, and bounded by rules x operations x approvals: the same values give the same
decision. All rules that concern an operation apply and the strictest wins; none denies.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from placet.domain.authorization.approval import VerifiedApproval
from placet.domain.authorization.break_glass import APPROVALS, FREEZE, BrokenGlass, broken_glass
from placet.domain.authorization.circumstances import Circumstances, LastWords, last_words
from placet.domain.authorization.counting import Count, count
from placet.domain.authorization.facts import Refusal
from placet.domain.authorization.freeze import Freeze, frozen
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy import Limits, Policy
from placet.domain.authorization.principal import PrincipalKind
from placet.domain.authorization.strictest import Terms, unite
from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, encode
from placet.domain.values.digest import Digest, separated_digest
from placet.domain.values.kinds import Mode


class OperationDecision(Struct, frozen=True, kw_only=True):
    """What the policy says of one operation: allowed exactly when there is no refusal.

    `counts` tells for each demanded group what is there and what is missing. `terms` are the
    strictest of all rules that concern the operation, None where there is no rule; `glass` is what
    was waived under break-glass, None where nothing was.
    """

    operation_id: str
    refusals: tuple[Refusal, ...]
    counts: tuple[Count, ...]
    terms: Terms | None
    glass: BrokenGlass | None
    approvals_digest: Digest

    @property
    def allowed(self) -> bool:
        """Tell whether a receipt may be issued."""
        return not self.refusals

    @property
    def awaiting(self) -> bool:
        """Tell whether nothing is in the way but approvals that have yet to come."""
        missing = [refusal for each in self.counts for refusal in each.refusals]
        return bool(missing) and list(self.refusals) == missing

    @property
    def counted(self) -> tuple[VerifiedApproval, ...]:
        """Return the approvals that counted, by group, and those that broke the glass."""
        return _counted(self.counts, self.glass)

    @property
    def approvers(self) -> tuple[str, ...]:
        """Return the ids of those whose approvals counted, sorted, each once."""
        return tuple(sorted({verified.approval.approver for verified in self.counted}))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the refusals as an advisory receipt carries them: `CODE: sentence`."""
        return tuple(f"{refusal.code}: {refusal.sentence}" for refusal in self.refusals)

    @property
    def lifetime_seconds(self) -> int:
        """Return how long a receipt is valid; 0 where no rule concerns the operation."""
        return self.terms.receipt.lifetime_seconds if self.terms else 0

    @property
    def max_age_seconds(self) -> int:
        """Return how old a receipt may get; 0 where no rule concerns the operation."""
        return self.terms.receipt.max_age_seconds if self.terms else 0

    @property
    def limits(self) -> Limits:
        """Return how much an hour may see; no limit is said where no rule concerns the operation."""
        return self.terms.limits if self.terms else Limits()


class PolicyDecision(Struct, frozen=True, kw_only=True):
    """What a policy says of a whole plan, operation by operation, in the plan's order."""

    policy_digest: Digest
    policy_version: str
    operations: tuple[OperationDecision, ...]

    @property
    def allowed(self) -> bool:
        """Tell whether every operation is allowed."""
        return all(each.allowed for each in self.operations)

    @property
    def awaiting(self) -> bool:
        """Tell whether nothing is in the way but approvals that have yet to come."""
        return not self.allowed and all(each.allowed or each.awaiting for each in self.operations)

    def of(self, operation_id: str) -> OperationDecision | None:
        """Return what is said of that operation, or None."""
        return next((each for each in self.operations if each.operation_id == operation_id), None)


def evaluate(policy: Policy, plan: Plan, circumstances: Circumstances) -> PolicyDecision:
    """Return what `policy` says of `plan` under these circumstances.

    Never raises for what it is asked to judge: a refusal is part of the decision. Codes: NO_RULE
    OIDC_CONTEXT_DENIED EMBEDDED_IN_CI DENIED_BY_APPROVER FROZEN APPROVER_INELIGIBLE
    APPROVAL_ASSURANCE_LOW APPROVALS_MISSING, in an operation's refusals in this order,
    APPROVALS_MISSING after what makes them missing.
    """
    words = last_words(circumstances.approvals)
    glass = broken_glass(policy, plan, words.exceptions, circumstances)
    return PolicyDecision(
        policy_digest=policy.digest,
        policy_version=policy.version,
        operations=tuple(
            _decide(policy, plan, operation, words, glass, circumstances) for operation in plan.operations
        ),
    )


def approvals_digest(approvals: tuple[VerifiedApproval, ...], mode: Mode) -> Digest:
    """Return the digest over the sorted digests of the approvals that counted.

    `separated_digest("approvals", mode, canonical {"approvals": [digest, …]})`; none is `[]`.
    """
    return _digest_over(tuple(sorted({verified.digest for verified in approvals})), mode)


@lru_cache(maxsize=256)
def _digest_over(digests: tuple[Digest, ...], mode: Mode) -> Digest:
    return separated_digest("approvals", mode, encode({"approvals": [*digests]}, limit=PLAN_LIMIT_BYTES))


def terms_of(policy: Policy, plan: Plan, operation: Operation) -> Terms | None:
    """Return what all rules that concern the operation say together, None where there is none."""
    rules = tuple(rule for rule in policy.rules if rule.concerns(operation, plan.requester))
    return unite(rules, by_agent=_asked_by_agent(plan)) if rules else None


def _decide(
    policy: Policy,
    plan: Plan,
    operation: Operation,
    words: LastWords,
    glass: BrokenGlass | None,
    circumstances: Circumstances,
) -> OperationDecision:
    terms = terms_of(policy, plan, operation)
    waives = glass.waives if glass else frozenset()
    demands = terms.demands if terms and APPROVALS not in waives else ()
    counts = tuple(count(demand, words, policy, plan, circumstances) for demand in demands)
    at_once = (
        *_no_rule(plan, operation, terms, circumstances),
        *_context(policy, plan, operation),
        *_embedded_in_ci(policy, plan, circumstances),
        *_denied(words, circumstances),
        *frozen(unwaived(circumstances.freezes, waives), operation, circumstances.now),
    )
    return OperationDecision(
        operation_id=operation.operation_id,
        refusals=(*at_once, *(refusal for each in counts for refusal in each.refusals)),
        counts=counts,
        terms=terms,
        glass=glass,
        approvals_digest=approvals_digest(_counted(counts, glass), plan.mode),
    )


def unwaived(freezes: tuple[Freeze, ...], waives: frozenset[str]) -> tuple[Freeze, ...]:
    """Return the freezes that hold although `waives` is waived: at least those for want of a review."""
    return tuple(freeze for freeze in freezes if freeze.run_id) if FREEZE in waives else freezes


def _counted(counts: tuple[Count, ...], glass: BrokenGlass | None) -> tuple[VerifiedApproval, ...]:
    return (*(verified for each in counts for verified in each.counted), *(glass.counted if glass else ()))


def _no_rule(plan: Plan, operation: Operation, terms: Terms | None, circumstances: Circumstances) -> list[Refusal]:
    if terms is None:
        sentence = (
            f"no rule lets {plan.requester} ask for {operation.operation_kind} of {operation.subject.pattern_text}"
        )
        return [Refusal(code="NO_RULE", sentence=sentence)]
    if not _asked_by_agent(plan):
        return []
    agent = circumstances.principals.get(plan.requester)
    if agent is None or not agent.active_at(circumstances.now):
        sentence = f"{plan.requester} is not enrolled, so that its owner, who may not approve, is not known"
        return [Refusal(code="NO_RULE", sentence=sentence)]
    if not terms.demands:
        sentence = f"what {plan.requester} asks needs a person at assurance 3, and no rule names a group for it"
        return [Refusal(code="APPROVALS_MISSING", sentence=sentence)]
    return []


def _context(policy: Policy, plan: Plan, operation: Operation) -> list[Refusal]:
    """Refuse where a rule that concerns the operation wants the request made otherwise: the strictest wins."""
    rules = (rule for rule in policy.rules if rule.concerns(operation, plan.requester))
    unmet = dict.fromkeys(claim for rule in rules for claim in rule.unmet(plan.claims))
    return [
        Refusal(
            code="OIDC_CONTEXT_DENIED",
            sentence=f"the verified {claim} of the request is {plan.claims.get(claim, '') or 'not known'}, "
            "which no rule allows",
        )
        for claim in unmet
    ]


def _embedded_in_ci(policy: Policy, plan: Plan, circumstances: Circumstances) -> list[Refusal]:
    if plan.mode is Mode.PROD and circumstances.embedded_in_ci and not policy.embedded_in_ci:
        sentence = "this is a CI environment, where whoever runs code holds every key, and the policy does not allow it"
        return [Refusal(code="EMBEDDED_IN_CI", sentence=sentence)]
    return []


def _denied(words: LastWords, circumstances: Circumstances) -> list[Refusal]:
    standing = {denier.approver for denial in circumstances.denials for denier in denial.deniers}
    return [
        Refusal(code="DENIED_BY_APPROVER", sentence=f"{approver} denied this and did not withdraw")
        for approver in sorted(standing | set(words.deniers))
    ]


def _asked_by_agent(plan: Plan) -> bool:
    return plan.requester.partition(":")[0] == PrincipalKind.AGENT.value
