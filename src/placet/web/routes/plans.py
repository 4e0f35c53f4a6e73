"""Publications and plans: asked for with what was uploaded, and rehearsed. No path of this machine can be named."""

from __future__ import annotations

from placet.domain.authorization.api_key import Verb
from placet.domain.package.publish_request import PublishRequest
from placet.facade import Placet
from placet.web.documents.plans import PlanRequest, PublicationRequest
from placet.web.documents.runs import Carried, PlanCreated, Rehearsed
from placet.web.route import Answer, Call, Route

_TAG = "plans"
_ASKING = (
    "DIGEST_INVALID",
    "ARTIFACT_MISSING",
    "APPROVALS_MISSING",
    "NO_RULE",
    "RATE_LIMITED",
    "REQUESTER_MISMATCH",
    "SCOPE_INSUFFICIENT",
    "PROVIDER_UNKNOWN",
    "VERSION_EXISTS",
    "RUN_DIFFERS",
    "ARTIFACT_UNSAFE",
    "ARTIFACT_TOO_LARGE",
    "ARTIFACT_AMBIGUOUS",
    "MANIFEST_MISMATCH",
    "NAME_CONFUSABLE",
    "BLOB_CORRUPT",
)
_PERFORMING = (
    "EFFECT_FAILED",
    "OUTCOME_UNKNOWN",
    "IN_PROGRESS",
    "OTHER_CONTENT",
    "FROZEN",
    "STALE_SUBJECT",
    "RUN_CLOSED",
)


async def publish(call: Call) -> Answer:
    """Publish an uploaded package: certify, stamp, sign, plan, and carry it out once it is approved.

    Where approvals are missing the answer is a problem with the run that waits for them; asking again, or resuming
    the run, finishes it. Nothing is published twice.
    """
    wanted: PublicationRequest = call.body
    done = await _placet(call, offline=wanted.offline).publishing.publish_delivered(wanted.archive, _request(wanted))
    return Answer(document=done)


async def rehearse(call: Call) -> Answer:
    """Take the road of a publication as a dry run: what would ship, and why; nothing is done."""
    wanted: PublicationRequest = call.body
    done = await _placet(call, offline=wanted.offline).publishing.rehearse_delivered(wanted.archive, _request(wanted))
    return Answer(document=done)


async def create(call: Call) -> Answer:
    """Plan operations of any outside kind, with what was uploaded; nothing of it is performed."""
    wanted: PlanRequest = call.body
    planning = _placet(call, offline=wanted.offline).planning
    return Answer(status=201, document=await planning.create_posted(_document(wanted), requester=wanted.requester))


async def rehearse_plan(call: Call) -> Answer:
    """Take the road of a plan as a dry run."""
    wanted: PlanRequest = call.body
    planning = _placet(call, offline=wanted.offline).planning
    return Answer(document=await planning.rehearse_posted(_document(wanted), requester=wanted.requester))


def _placet(call: Call, *, offline: bool) -> Placet:
    return call.placet.offline() if offline else call.placet


def _request(wanted: PublicationRequest) -> PublishRequest:
    return PublishRequest(
        tgz=b"",
        requester=wanted.requester,
        to=wanted.to,
        dist_tag=wanted.dist_tag,
        access=wanted.access,
        package=wanted.package,
        version=wanted.version,
    )


def _document(wanted: PlanRequest) -> dict[str, object]:
    package: dict[str, object] = {"package": wanted.package} if wanted.package else {}
    return {**package, "operation": wanted.operation}


_FIRST_OPERATION = {"parameters": {"run_id": "$response.body#/run_id", "plan": "1", "step": "1"}}
ROUTES = (
    Route(
        method="POST",
        path="/api/v1/publications",
        handler=publish,
        performs=True,
        summary="Publish an uploaded package",
        tag=_TAG,
        scope=Verb.PUBLISH,
        body=PublicationRequest,
        answers={200: Carried},
        codes=(*_ASKING, *_PERFORMING),
    ),
    Route(
        method="POST",
        path="/api/v1/publications/dry-run",
        handler=rehearse,
        summary="Rehearse the publication of an uploaded package",
        tag=_TAG,
        scope=Verb.PUBLISH,
        body=PublicationRequest,
        answers={200: Rehearsed},
        codes=_ASKING,
    ),
    Route(
        method="POST",
        path="/api/v1/plans",
        handler=create,
        summary="Plan operations of any kind",
        tag=_TAG,
        scope=Verb.PUBLISH,
        body=PlanRequest,
        answers={201: PlanCreated},
        codes=(*_ASKING, "PLAN_FILE_INVALID", "PLAN_INVALID"),
        links={"receipts_operation": _FIRST_OPERATION, "receipts_request": _FIRST_OPERATION},
    ),
    Route(
        method="POST",
        path="/api/v1/plans/dry-run",
        handler=rehearse_plan,
        summary="Rehearse operations of any kind",
        tag=_TAG,
        scope=Verb.PUBLISH,
        body=PlanRequest,
        answers={200: Rehearsed},
        codes=(*_ASKING, "PLAN_FILE_INVALID", "PLAN_INVALID"),
    ),
)
