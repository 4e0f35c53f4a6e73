"""What people say about a plan while they are signed in: the Core's word, at assurance 1 (protocol 6)."""

from __future__ import annotations

import msgspec

from placet.facade import Word
from placet.web.forms import Decision, DigestText, RunId
from placet.web.route import Answer, Call, Route

_TAG = "approvals"
_PATH = "/api/v1/runs/{run_id}/session-approvals"


class Ballot(msgspec.Struct, kw_only=True):
    """A plan as its approver must be shown it: `text`, every byte of it. `groups` are those they may speak for."""

    run_id: RunId
    plan_digest: DigestText
    fingerprint: str
    text: str
    shown_digest: DigestText
    requester: str
    demanded: list[str]
    groups: list[str]


class SessionApproval(msgspec.Struct, kw_only=True):
    """What a person says, and the plan and text that they were looking at.

    `decision` is `approve`, `deny` or `withdraw`. A yes names its `group`, and the plan's `phrase` as who
    asked for it told them.
    """

    plan_digest: DigestText
    shown_digest: DigestText
    decision: Decision
    group: str = ""
    phrase: str = ""


class Recorded(msgspec.Struct, kw_only=True):
    """What is on record now, and which approvals are missing still."""

    run_id: RunId
    decision: str
    approver: str
    group: str
    plan_digest: DigestText
    assurance: int
    expires_at: str
    missing: list[str]


async def show(call: Call) -> Answer:
    """Show the run's newest plan to its approver."""
    return Answer(document=await call.placet.sessions.ballot(call.path["run_id"]))


async def say(call: Call) -> Answer:
    """Approve, deny or withdraw as the person who is signed in. A key approves nothing."""
    said: SessionApproval = call.body
    word = Word(
        plan_digest=said.plan_digest,
        shown_digest=said.shown_digest,
        decision=said.decision,
        group=said.group,
        phrase=said.phrase,
    )
    return Answer(status=201, document=await call.placet.sessions.say(call.path["run_id"], word))


ROUTES = (
    Route(
        method="GET",
        path=_PATH,
        handler=show,
        summary="Show a plan to who may approve it",
        tag=_TAG,
        answers={200: Ballot},
        codes=("NOT_FOUND", "PLAN_MISSING", "SESSION_MISSING"),
    ),
    Route(
        method="POST",
        path=_PATH,
        handler=say,
        summary="Approve, deny or withdraw while signed in",
        tag=_TAG,
        body=SessionApproval,
        answers={201: Recorded},
        codes=(
            "NOT_FOUND",
            "CROSS_SITE",
            "APPROVAL_INVALID",
            "DIGEST_INVALID",
            "APPROVAL_ASSURANCE_LOW",
            "APPROVER_INELIGIBLE",
            "PHRASE_MISMATCH",
            "RUN_CLOSED",
        ),
    ),
)
