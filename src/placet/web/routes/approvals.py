"""Approvals: the ballot with the plan's very bytes, and what a person signed about it elsewhere (protocol 6).

A key lets nobody approve: what counts is the signature of an enrolled person's own key, over the
digests of the plan and of the text that they were shown.
"""

from __future__ import annotations

from placet.domain.authorization.ballot import Signed
from placet.domain.encoding.strict_base64 import decode_base64
from placet.errors import InvalidInputError
from placet.web.documents.approvals import (
    Approvals,
    BallotQuery,
    BallotSent,
    Excepted,
    Exceptions,
    Reviewed,
    SignedApproval,
    SignedException,
    Spoken,
)
from placet.web.documents.runs import PlanShown
from placet.web.route import Answer, Call, Route

_TAG = "approvals"
_RUN = "/api/v1/runs/{run_id}"
_CODES = (
    "APPROVAL_INVALID",
    "APPROVER_INELIGIBLE",
    "APPROVAL_ASSURANCE_LOW",
    "RUN_CLOSED",
    "STALE_SUBJECT",
    "PLAN_MISSING",
    "BASE64_INVALID",
)
_GLASS = ("BREAK_GLASS_INVALID", "BREAK_GLASS_EXCEEDED", "FROZEN")


async def plan(call: Call) -> Answer:
    """Show the newest plan of a run, as approvers are shown it."""
    return Answer(document=await call.placet.publishing.plan(call.path["run_id"]))


async def ballot(call: Call) -> Answer:
    """Give out the plan of a run to be approved, and for whom the approver may speak."""
    return Answer(document=await call.placet.publishing.ballot_sent(call.path["run_id"], call.query.approver))


async def approve(call: Call) -> Answer:
    """Put on record what one person signed: an approval, a denial, or that a denial is taken back."""
    signed = [_signed(each) for each in call.body.approvals]
    return Answer(document=await call.placet.publishing.record(call.path["run_id"], signed))


async def waive(call: Call) -> Answer:
    """Put on record what one person signed away; the glass breaks when a second one signed the same."""
    justification = _bytes("justification", call.body.justification)
    done = await call.placet.break_glass.record(call.path["run_id"], _signed(call.body), justification)
    return Answer(document=done)


async def waived(call: Call) -> Answer:
    """Show what was waived for a run, and why."""
    return Answer(document=await call.placet.break_glass.show(call.path["run_id"]))


async def review(call: Call) -> Answer:
    """Put on record that somebody looked at what was published under break-glass."""
    return Answer(document=await call.placet.break_glass.record_review(call.path["run_id"], _signed(call.body)))


def _signed(sent: SignedApproval) -> Signed:
    if not sent.approval.isascii():
        raise InvalidInputError("APPROVAL_INVALID", "the approval is not in its one spelling")
    return Signed(encoded=sent.approval.encode("ascii"), signature=_bytes("signature", sent.signature))


def _bytes(what: str, text: str) -> bytes:
    if not text.isascii():
        raise InvalidInputError("BASE64_INVALID", f"the {what} is no base64")
    return decode_base64(text)


ROUTES = (
    Route(
        method="GET",
        path=f"{_RUN}/plan",
        handler=plan,
        summary="Show the newest plan of a run",
        tag=_TAG,
        answers={200: PlanShown},
        codes=("PLAN_MISSING",),
    ),
    Route(
        method="GET",
        path=f"{_RUN}/ballot",
        handler=ballot,
        summary="Give out the plan of a run to be approved",
        tag=_TAG,
        query=BallotQuery,
        answers={200: BallotSent},
        codes=("PLAN_MISSING",),
    ),
    Route(
        method="POST",
        path=f"{_RUN}/approvals",
        handler=approve,
        summary="Approve, deny or withdraw, signed",
        tag=_TAG,
        body=Approvals,
        answers={200: Spoken},
        codes=_CODES,
    ),
    Route(
        method="GET",
        path=f"{_RUN}/break-glass",
        handler=waived,
        summary="Show what was waived for a run",
        tag=_TAG,
        answers={200: Exceptions},
    ),
    Route(
        method="POST",
        path=f"{_RUN}/break-glass",
        handler=waive,
        summary="Waive approvals or a freeze, signed",
        tag=_TAG,
        body=SignedException,
        answers={200: Excepted},
        codes=(*_CODES, *_GLASS),
    ),
    Route(
        method="POST",
        path=f"{_RUN}/reviews",
        handler=review,
        summary="Review what was published under break-glass, signed",
        tag=_TAG,
        body=SignedApproval,
        answers={200: Reviewed},
        codes=(*_CODES, *_GLASS),
    ),
)
