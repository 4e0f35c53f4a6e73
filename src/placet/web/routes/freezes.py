"""Freezes: set at once by who may, lifted with approvals."""

from __future__ import annotations

from placet.web.documents.governance import Freezes, FreezeSet, FreezeShown, GovernedAct
from placet.web.documents.strict import Asked
from placet.web.route import Answer, Call, Route
from placet.web.routes.policy import GOVERNED

_TAG = "freezes"
_FREEZES = "/api/v1/freezes"


async def list_(call: Call) -> Answer:
    """List the open freezes, to persons and to keys that may read everything."""
    return Answer(document=await call.placet.freezes.list())


async def set_(call: Call) -> Answer:
    """Freeze everything, or some subjects, from now on: approvers may, and whom the policy names."""
    wanted: FreezeSet = call.body
    done = await call.placet.freezes.set(wanted.subjects, reason=wanted.reason, requester=wanted.requester)
    return Answer(status=201, document=done)


async def lift(call: Call) -> Answer:
    """Ask that a freeze is lifted; the policy in force decides who must approve that."""
    done = await call.placet.freezes.lift(call.path["freeze_id"], requester=call.body.requester)
    return Answer(document=done)


ROUTES = (
    Route(
        method="GET",
        path=_FREEZES,
        handler=list_,
        summary="List the open freezes",
        tag=_TAG,
        answers={200: Freezes},
        codes=("SCOPE_INSUFFICIENT",),
    ),
    Route(
        method="POST",
        path=_FREEZES,
        handler=set_,
        summary="Freeze everything, or some subjects",
        tag=_TAG,
        body=FreezeSet,
        answers={201: FreezeShown},
        codes=("NO_RULE", "FREEZE_INVALID", "FROZEN", "REQUESTER_MISMATCH"),
    ),
    Route(
        method="POST",
        path=f"{_FREEZES}/{{freeze_id}}/lift",
        handler=lift,
        summary="Ask that a freeze is lifted",
        tag=_TAG,
        body=Asked,
        answers={200: GovernedAct},
        codes=GOVERNED,
    ),
)
