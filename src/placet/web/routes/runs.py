"""Runs: list, timeline, audit records, evidence, going on (contract 8)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from placet.domain.authorization.api_key import Verb
from placet.web.documents.runs import AuditTrail, Carried, Runs, Timeline, Waiting
from placet.web.documents.strict import Nothing
from placet.web.route import Answer, Call, Route

_TAG = "runs"
_RUN = "/api/v1/runs/{run_id}"


class PageOfRuns(msgspec.Struct, kw_only=True):
    """A page of runs: `after` is what the page before answered."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    after: str = ""


async def list_(call: Call) -> Answer:
    """List the runs that the key may see, newest first."""
    return Answer(document=await call.placet.publishing.runs(limit=call.query.limit, after=call.query.after))


async def show(call: Call) -> Answer:
    """Show a run in its four phases, and why each operation did or did not ship."""
    return Answer(document=await call.placet.publishing.run(call.path["run_id"]))


async def audit(call: Call) -> Answer:
    """List what was attempted and denied in a run, as the ledger has it."""
    return Answer(document=await call.placet.publishing.audit(call.path["run_id"]))


async def waiting(call: Call) -> Answer:
    """Tell which approvals a run waits for."""
    return Answer(document=await call.placet.publishing.waiting(call.path["run_id"]))


async def evidence(call: Call) -> Answer:
    """Give out the evidence bundle of a published run, as of now."""
    return Answer(content=await call.placet.verification.evidence(call.path["run_id"]))


async def resume(call: Call) -> Answer:
    """Carry out what is left of an approved run; what was done before is not done again."""
    return Answer(document=await call.placet.publishing.resume(call.path["run_id"]))


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/runs",
        handler=list_,
        summary="List the runs that the key may see",
        tag=_TAG,
        query=PageOfRuns,
        answers={200: Runs},
    ),
    Route(
        method="GET",
        path=_RUN,
        handler=show,
        summary="Show the timeline of a run",
        tag=_TAG,
        answers={200: Timeline},
    ),
    Route(
        method="GET",
        path=f"{_RUN}/audit",
        handler=audit,
        summary="List the audit records of a run",
        tag=_TAG,
        answers={200: AuditTrail},
    ),
    Route(
        method="GET",
        path=f"{_RUN}/missing",
        handler=waiting,
        summary="Tell which approvals a run waits for",
        tag=_TAG,
        answers={200: Waiting},
    ),
    Route(
        method="GET",
        path=f"{_RUN}/evidence",
        handler=evidence,
        summary="Give out the evidence bundle of a run",
        tag=_TAG,
        answers={200: "application/json"},
        codes=("NOT_PUBLISHED", "EVIDENCE_MISSING"),
    ),
    Route(
        method="POST",
        path=f"{_RUN}/resume",
        handler=resume,
        performs=True,
        summary="Carry out what is left of a run",
        tag=_TAG,
        scope=Verb.PUBLISH,
        body=Nothing,
        answers={200: Carried},
        codes=(
            "APPROVALS_MISSING",
            "SCOPE_INSUFFICIENT",
            "RUN_CLOSED",
            "EFFECT_FAILED",
            "OUTCOME_UNKNOWN",
            "IN_PROGRESS",
        ),
    ),
)
