"""A plan as its approver is shown it, and what they sign of it (protocol 1 and 6).

A ballot is filled in where the approver's key is: on the machine of the installation, or anywhere
else that has the plan. Both make the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from placet.domain.authorization.approval import Approval, ApprovalDecision
from placet.domain.authorization.phrase import phrase
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.render import fingerprint, render_plan, shown_digest
from placet.domain.encoding.canonical import Object
from placet.domain.values.time import cut_to_milliseconds, format_instant
from placet.errors import InvalidInputError

VALIDITY = timedelta(hours=24)
MOST_GROUPS = 16
_PLAIN = (ApprovalDecision.APPROVE, ApprovalDecision.DENY, ApprovalDecision.WITHDRAW)


class Ballot(Struct, frozen=True, kw_only=True):
    """A plan as its approver is to see it: the text, which groups have to approve, and for which they may speak.

    `policy_version` is that of the policy which the plan names; `breaks_glass` the group of whom two may
    break the glass, empty where the policy lets nobody.
    """

    plan: Plan
    policy_version: str
    demanded: tuple[str, ...]
    groups: tuple[str, ...]
    breaks_glass: str = ""

    @property
    def run_id(self) -> str:
        """Return the run whose newest plan this is."""
        return self.plan.run_id

    @property
    def text(self) -> str:
        """Return the text that the approver is shown: the same on every machine."""
        return render_plan(self.plan, self.policy_version)

    def to_object(self) -> Object:
        """Return what is told of the plan to people and programs, its text among it."""
        digest = self.plan.digest()
        return {
            "run_id": self.run_id,
            "plan_digest": digest,
            "fingerprint": fingerprint(digest),
            "phrase": phrase(digest),
            "created_at": format_instant(self.plan.created_at),
            "requester": self.plan.requester,
            "policy_digest": self.plan.policy_digest,
            "mode": self.plan.mode.value,
            "operations": [operation.to_object() for operation in self.plan.operations],
            "text": self.text,
        }


class Signed(Struct, frozen=True, kw_only=True):
    """An approval's canonical bytes and the SSHSIG blob over them: believed in nothing yet."""

    encoded: bytes
    signature: bytes


def fill_in(
    ballot: Ballot, *, approver: str, key_id: str, decision: ApprovalDecision, group: str, at: datetime
) -> Approval:
    """Return the approval to be signed: its `encode()` is what goes to the approver's key."""
    now = cut_to_milliseconds(at)
    return Approval(
        issuer=ballot.plan.issuer,
        run_id=ballot.run_id,
        plan_digest=ballot.plan.digest(),
        shown_digest=shown_digest(ballot.text),
        decision=decision,
        group=group,
        approver=approver,
        key_id=key_id,
        issued_at=now,
        expires_at=now + VALIDITY,
    )


def groups_spoken_for(ballot: Ballot, decision: ApprovalDecision, group: str) -> tuple[str, ...]:
    """Return for which groups a decision is signed: `group` alone where it is named, else all that may be spoken for.

    Who speaks for no group and approves all the same speaks for one that is demanded: where
    refusals are recorded, that is refused.
    """
    groups = (group,) if group else ballot.groups
    if decision is not ApprovalDecision.APPROVE:
        return groups[:1] or ("",)
    return groups or ballot.demanded[:1] or ("",)


def one_decision(run_id: str, approvals: Sequence[Approval]) -> Approval:
    """Return the first of some approvals that say the same about one plan, each for another group.

    Raise `InvalidInputError` (`APPROVAL_INVALID`) for none, too many, another run, and what differs in
    anything else than its group and times, or is no plain approval, denial or withdrawal.
    """
    said = {
        (each.run_id, each.plan_digest, each.shown_digest, each.decision, each.approver, each.key_id)
        for each in approvals
    }
    groups = {each.group for each in approvals}
    if len(said) != 1 or len(groups) != len(approvals) or len(groups) > MOST_GROUPS:
        raise InvalidInputError("APPROVAL_INVALID", "one decision of one person is asked for, once for each group")
    first = approvals[0]
    if first.run_id != run_id:
        raise InvalidInputError("APPROVAL_INVALID", "the approval is for another run")
    if first.decision not in _PLAIN:
        raise InvalidInputError("APPROVAL_INVALID", f"a {first.decision.value} is not recorded in this way")
    return first
