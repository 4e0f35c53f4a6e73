"""API keys: ask for one, list, rotate, revoke (contract 1)."""

from __future__ import annotations

from datetime import timedelta

from placet.web.documents.keys import KeyMade, Keys, KeyShown, KeyWanted, Rotation
from placet.web.documents.strict import Asked
from placet.web.route import Answer, Call, Route
from placet.web.routes.policy import GOVERNED

_TAG = "keys"
_KEYS = "/api/v1/keys"


async def list_(call: Call) -> Answer:
    """List the keys of the caller's principal and of whom that owns; to who may read everything, all."""
    return Answer(document=await call.placet.keys.list())


async def create(call: Call) -> Answer:
    """Ask for a key. It is in this answer alone, and works once the run that it waits for was approved and resumed."""
    wanted: KeyWanted = call.body
    made = await call.placet.keys.create(
        wanted.name,
        wanted.principal_id,
        wanted.scopes,
        lifetime=timedelta(seconds=wanted.lifetime_seconds),
        requester=wanted.requester,
    )
    return Answer(status=201, document=made)


async def rotate(call: Call) -> Answer:
    """Ask for a key that follows another one, with its name, principal and scopes; that one ends with it."""
    wanted: Rotation = call.body
    made = await call.placet.keys.rotate(
        call.path["key_id"], lifetime=timedelta(seconds=wanted.lifetime_seconds), requester=wanted.requester
    )
    return Answer(status=201, document=made)


async def revoke(call: Call) -> Answer:
    """Revoke a key at once: nobody asks with it any more, and what was asked with it goes no further."""
    return Answer(document=await call.placet.keys.revoke(call.path["key_id"], requester=call.body.requester))


ROUTES = (
    Route(method="GET", path=_KEYS, handler=list_, summary="List the keys", tag=_TAG, answers={200: Keys}),
    Route(
        method="POST",
        path=_KEYS,
        handler=create,
        summary="Ask for a key",
        tag=_TAG,
        body=KeyWanted,
        answers={201: KeyMade},
        codes=(*GOVERNED, "SCOPE_INVALID", "KEY_INVALID"),
    ),
    Route(
        method="POST",
        path=f"{_KEYS}/{{key_id}}/rotate",
        handler=rotate,
        summary="Ask for a key that follows another",
        tag=_TAG,
        body=Rotation,
        answers={201: KeyMade},
        codes=(*GOVERNED, "KEY_INVALID"),
    ),
    Route(
        method="POST",
        path=f"{_KEYS}/{{key_id}}/revoke",
        handler=revoke,
        summary="Revoke a key",
        tag=_TAG,
        body=Asked,
        answers={200: KeyShown},
        codes=("NO_RULE", "REQUESTER_MISMATCH"),
    ),
)
