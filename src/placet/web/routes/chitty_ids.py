"""ChittyIDs: mint and verify (contract 3)."""

from __future__ import annotations

from typing import Any

import msgspec

from placet.errors import InvalidInputError, NotFoundError
from placet.facade.chitty_ids import ChittyType, MintRequest, Namespace
from placet.web.forms import ChittyId, ContentHash, Moment
from placet.web.problems import not_valid, status_of
from placet.web.route import Access, Answer, Call, Route

_TAG = "chittyid"
_LIMIT_BYTES = 16 * 1024


class Mint(msgspec.Struct, kw_only=True):
    """A content to be named. What else is sent is kept with `metadata`."""

    content_hash: ContentHash
    namespace: Namespace
    type: ChittyType
    metadata: Any = None
    timestamp: int | None = None
    nonce: str | None = None


class StatusBlock(msgspec.Struct, kw_only=True):
    """How a name stands."""

    status: str
    readable_status: str
    creation_time: Moment
    verification_endpoint: str


class MintedName(msgspec.Struct, kw_only=True):
    """The name of a content."""

    chitty_id: ChittyId
    status_block: StatusBlock


class VerifiedName(msgspec.Struct, kw_only=True):
    """A name that was minted."""

    valid: bool
    chitty_id: ChittyId
    status: str
    created_at: Moment
    namespace: str
    type: str


class NoName(msgspec.Struct, kw_only=True):
    """What is no name, or was not minted here."""

    valid: bool
    error: str
    error_code: str
    message: str
    next_action: str


async def mint(call: Call) -> Answer:
    """Name a content by its hash. The same content has the same name; the same request counts once."""
    given: Mint = call.body
    request = MintRequest(
        content_hash=given.content_hash,
        namespace=given.namespace,
        chitty_type=given.type,
        timestamp=given.timestamp,
        nonce=given.nonce,
        said=call.content,
    )
    return Answer(document=await call.placet.chitty_ids.mint(request))


async def verify(call: Call) -> Answer:
    """Tell whether a name was minted; one that was not is not found."""
    try:
        return Answer(document=await call.placet.chitty_ids.verify(call.path["chitty_id"]))
    except (InvalidInputError, NotFoundError) as error:
        return Answer(status=status_of(error), document=not_valid(error))


ROUTES = (
    Route(
        method="POST",
        path="/api/v2/chittyid/mint",
        handler=mint,
        summary="Mint a ChittyID",
        tag=_TAG,
        body=Mint,
        answers={200: MintedName},
        codes=("INVALID_HASH", "MISSING_REPLAY_PROTECTION", "TIMESTAMP_OUT_OF_RANGE", "REPLAY_DETECTED"),
        limit_bytes=_LIMIT_BYTES,
    ),
    Route(
        method="GET",
        path="/api/v2/chittyid/verify/{chitty_id}",
        handler=verify,
        summary="Verify a ChittyID",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: VerifiedName, 400: NoName, 404: NoName},
        codes=("CHITTY_ID_INVALID", "NOT_FOUND"),
    ),
)
