"""Mint a ChittyID for a content: the same content has the same name, and a request counts once (contract 3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from placet.core.context import Context
from placet.core.credentials import check_caller, credential_premises
from placet.core.decide import Decision, decide
from placet.core.entities.chitty_ids import MintedId, minted_key, read_minted
from placet.core.entities.stored import entity_of
from placet.core.said import keeping
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.chitty_id import ChittyType, Namespace, chitty_id, parse_content_hash
from placet.domain.values.digest import Digest, sha256
from placet.domain.values.unshown import Unshown
from placet.errors import InvalidInputError, UnavailableError
from placet.ports.store import ConflictError

TOLERANCE = timedelta(seconds=60)
"""How far the sender's clock may be from ours."""
_MOST_NAMES = 32
"""A content whose first names are all taken by others: it cannot be by chance."""
_LONGEST_NONCE = 256
_LAST_MILLISECOND = 253_402_300_799_999


class MintRequest(Unshown, frozen=True, kw_only=True):
    """A content to be named. `timestamp` (Unix ms) and `nonce` are None where they were not sent."""

    content_hash: str
    namespace: Namespace
    chitty_type: ChittyType
    timestamp: int | None
    nonce: str | None
    said: bytes = b""


async def mint_chitty_id(context: Context, request: MintRequest, *, actor: str) -> MintedId:
    """Return the name of the content, minted now where it had none.

    Raise `InvalidInputError`: `INVALID_HASH`, `MISSING_REPLAY_PROTECTION`, `TIMESTAMP_OUT_OF_RANGE`
    where the clocks differ by more than a minute, `REPLAY_DETECTED` where the nonce came before with
    this key; and `DeniedError` (`STALE_REQUESTER`) where the key was revoked meanwhile.
    """
    content_hash = parse_content_hash(request.content_hash)
    if request.timestamp is None or not request.nonce:
        raise InvalidInputError("MISSING_REPLAY_PROTECTION", "the request lacks timestamp or nonce")
    if not 0 <= request.timestamp <= _LAST_MILLISECOND or len(request.nonce) > _LONGEST_NONCE:
        raise InvalidInputError("TIMESTAMP_OUT_OF_RANGE", "the timestamp is no time, or the nonce too long")
    sent_at = datetime.fromtimestamp(request.timestamp // 1000, UTC) + timedelta(milliseconds=request.timestamp % 1000)
    nonce = f"nonce/{context.credential_id or actor}/{sha256(request.nonce.encode('utf-8', 'surrogatepass'))}"
    said = keeping(context, request.said)
    made: list[MintedId] = []

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        check_caller(context, snapshot, now)
        _check_clock(sent_at, now)
        standing = _named(snapshot, request, content_hash)
        minted = standing or MintedId(
            chitty_id=_free(snapshot, request, content_hash),
            content_hash=content_hash,
            namespace=request.namespace,
            chitty_type=request.chitty_type,
            minted_by=actor,
            minted_at=now,
            said=said.digest,
        )
        made[:] = [minted]
        return Decision(
            type="chitty_id.minted",
            actor=actor,
            subject=minted.chitty_id,
            data={"said": said.digest},
            writes={} if standing else {minted.key: minted.to_object()},
            once=(nonce,),
            valid_until=sent_at + TOLERANCE + timedelta(milliseconds=1),
            erasable=said.erasable,
        )

    try:
        await decide(context, lambda snapshot: _premises(context, request, content_hash, snapshot), decision)
    except ConflictError as conflict:
        if conflict.name != nonce:
            raise
        raise InvalidInputError("REPLAY_DETECTED", "a request with this nonce came before") from conflict
    return made[0]


def _check_clock(sent_at: datetime, now: datetime) -> None:
    if abs(now - sent_at) > TOLERANCE:
        raise InvalidInputError(
            "TIMESTAMP_OUT_OF_RANGE",
            f"the timestamp is more than {TOLERANCE.seconds} seconds from the time here",
            hint="send the present time in milliseconds, and set the clock",
        )


def _premises(
    context: Context, request: MintRequest, content_hash: Digest, snapshot: Snapshot | None
) -> set[EntityKey]:
    """Return the names of the content up to the first that is free or its own."""
    keys = credential_premises(snapshot, context.credential_id)
    for name in _names(request, content_hash):
        key = minted_key(name)
        keys.add(key)
        entity = entity_of(snapshot, key) if snapshot is not None else None
        if entity is None or read_minted(entity).names(content_hash, request.namespace, request.chitty_type):
            break
    return keys


def _named(snapshot: Snapshot, request: MintRequest, content_hash: Digest) -> MintedId | None:
    """Return the name that the content has, None before it has one."""
    for name in _names(request, content_hash):
        entity = entity_of(snapshot, minted_key(name))
        if entity is None:
            return None
        minted = read_minted(entity)
        if minted.names(content_hash, request.namespace, request.chitty_type):
            return minted
    raise UnavailableError("BUSY", "every name of this content is taken by another", hint="this cannot be by chance")


def _free(snapshot: Snapshot, request: MintRequest, content_hash: Digest) -> str:
    return next(name for name in _names(request, content_hash) if entity_of(snapshot, minted_key(name)) is None)


def _names(request: MintRequest, content_hash: Digest) -> Iterator[str]:
    for nth in range(_MOST_NAMES):
        yield chitty_id(content_hash, request.namespace, request.chitty_type, nth)
