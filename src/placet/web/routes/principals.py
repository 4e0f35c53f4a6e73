"""Principals: list, enrol, disable and enable, change keys. Each change is a governed act: no scope covers it."""

from __future__ import annotations

from placet.web.documents.governance import (
    Enrolment,
    GovernedAct,
    IdentityChange,
    KeyChange,
    Principals,
    RoleChange,
    SessionShown,
    SessionsSeen,
)
from placet.web.documents.strict import Asked
from placet.web.route import Answer, Call, Route
from placet.web.routes.policy import GOVERNED

_TAG = "principals"
_PRINCIPALS = "/api/v1/principals"


async def list_(call: Call) -> Answer:
    """List everybody who is enrolled, to persons and to keys that may read everything."""
    return Answer(document=await call.placet.governance.principals())


async def enrol(call: Call) -> Answer:
    """Ask that a principal is enrolled, or gets accounts."""
    wanted: Enrolment = call.body
    done = await call.placet.governance.add_principal(
        wanted.principal_id,
        public_keys=wanted.public_keys,
        on_behalf_of=wanted.on_behalf_of,
        accounts=wanted.accounts,
        verify_required=wanted.verify_required,
        identity=wanted.identity,
        requester=wanted.requester,
    )
    return Answer(document=done)


async def change_role(call: Call) -> Answer:
    """Ask that a principal is disabled, or enabled, or owned by somebody else."""
    wanted: RoleChange = call.body
    done = await call.placet.governance.change_role(
        wanted.principal_id,
        disabled=wanted.disabled,
        on_behalf_of=wanted.on_behalf_of,
        requester=wanted.requester,
    )
    return Answer(document=done)


async def change_keys(call: Call) -> Answer:
    """Ask that a principal gets or loses keys."""
    wanted: KeyChange = call.body
    done = await call.placet.governance.change_keys(
        wanted.principal_id, add=wanted.add, remove=wanted.remove, requester=wanted.requester
    )
    return Answer(document=done)


async def change_identity(call: Call) -> Answer:
    """Ask that a person signs in with another identity, or with none: sessions end, and what was approved in them."""
    wanted: IdentityChange = call.body
    done = await call.placet.governance.change_identity(
        wanted.principal_id, wanted.identity, requester=wanted.requester
    )
    return Answer(document=done)


async def sessions(call: Call) -> Answer:
    """List the sessions of the caller's principal; to who may read everything, all."""
    return Answer(document=await call.placet.sessions.list())


async def revoke_session(call: Call) -> Answer:
    """Revoke a session at once: what was asked in it goes no further, what was approved in it counts no longer."""
    done = await call.placet.sessions.revoke(call.path["session_id"], requester=call.body.requester)
    return Answer(document=done)


ROUTES = (
    Route(
        method="GET",
        path=_PRINCIPALS,
        handler=list_,
        summary="List the principals",
        tag=_TAG,
        answers={200: Principals},
        codes=("SCOPE_INSUFFICIENT",),
    ),
    Route(
        method="POST",
        path=_PRINCIPALS,
        handler=enrol,
        summary="Ask that a principal is enrolled",
        tag=_TAG,
        body=Enrolment,
        answers={200: GovernedAct},
        codes=(
            *GOVERNED,
            "PRINCIPAL_INVALID",
            "PRINCIPAL_EXISTS",
            "KEY_INVALID",
            "KEY_WEAK",
            "ACCOUNT_IN_USE",
            "ISSUER_INVALID",
        ),
    ),
    Route(
        method="POST",
        path=f"{_PRINCIPALS}/role",
        handler=change_role,
        summary="Ask that a principal is disabled or enabled",
        tag=_TAG,
        body=RoleChange,
        answers={200: GovernedAct},
        codes=(*GOVERNED, "PRINCIPAL_INVALID"),
    ),
    Route(
        method="POST",
        path=f"{_PRINCIPALS}/keys",
        handler=change_keys,
        summary="Ask that a principal gets or loses keys",
        tag=_TAG,
        body=KeyChange,
        answers={200: GovernedAct},
        codes=(*GOVERNED, "PRINCIPAL_INVALID", "KEY_INVALID", "KEY_WEAK"),
    ),
    Route(
        method="POST",
        path=f"{_PRINCIPALS}/identity",
        handler=change_identity,
        summary="Ask that a person signs in with another identity",
        tag=_TAG,
        body=IdentityChange,
        answers={200: GovernedAct},
        codes=(*GOVERNED, "PRINCIPAL_INVALID", "ISSUER_INVALID"),
    ),
    Route(
        method="GET",
        path="/api/v1/sessions",
        handler=sessions,
        summary="List the sessions",
        tag=_TAG,
        answers={200: SessionsSeen},
    ),
    Route(
        method="POST",
        path="/api/v1/sessions/{session_id}/revoke",
        handler=revoke_session,
        summary="Revoke a session",
        tag=_TAG,
        body=Asked,
        answers={200: SessionShown},
        codes=("NO_RULE", "REQUESTER_MISMATCH"),
    ),
)
