"""Policy: show, check, and ask for another one (protocol 6)."""

from __future__ import annotations

from placet.web.documents.governance import GovernedAct, PolicyDocument, PolicyProposed, PolicyShown
from placet.web.route import Answer, Call, Route

_TAG = "policy"
_POLICY = "/api/v1/policy"
GOVERNED = ("APPROVALS_MISSING", "NO_RULE", "PLAN_INVALID", "RATE_LIMITED", "REQUESTER_MISMATCH", "SCOPE_INSUFFICIENT")
"""How a governed act ends that is asked for over the network: waiting for approvals, or denied."""


async def show(call: Call) -> Answer:
    """Show the policy in force, its document included."""
    return Answer(document=await call.placet.governance.policy())


async def check(call: Call) -> Answer:
    """Check a policy document, without putting it in force."""
    return Answer(document=call.placet.governance.check_policy(call.body.document.encode()))


async def propose(call: Call) -> Answer:
    """Ask that a policy comes into force; the policy in force decides who must approve that."""
    document = call.body.document.encode()
    return Answer(document=await call.placet.governance.activate_policy(document, requester=call.body.requester))


ROUTES = (
    Route(
        method="GET",
        path=_POLICY,
        handler=show,
        summary="Show the policy in force",
        tag=_TAG,
        answers={200: PolicyShown},
    ),
    Route(
        method="POST",
        path=_POLICY,
        handler=propose,
        summary="Ask that a policy comes into force",
        tag=_TAG,
        body=PolicyProposed,
        answers={200: GovernedAct},
        codes=(*GOVERNED, "POLICY_INVALID"),
    ),
    Route(
        method="POST",
        path=f"{_POLICY}/check",
        handler=check,
        summary="Check a policy document",
        tag=_TAG,
        body=PolicyDocument,
        answers={200: PolicyShown},
        codes=("POLICY_INVALID",),
    ),
)
