"""Take bytes from somebody over the network, by digest, in as many pieces as it needs (protocol 1, contract 8).

Only who brought the bytes may name them afterwards: a digest is known to many who do not have what
it is of. That they came is on record before they are kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec import Struct

from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.entities.deliveries import Delivery, delivery_key, read_delivery
from placet.core.entities.stored import entity_of
from placet.domain.log.change import Count, Snapshot
from placet.domain.values.digest import Digest, parse_digest
from placet.domain.values.time import cut_to_milliseconds
from placet.errors import InvalidInputError, NotFoundError
from placet.ports.blobs import ARTIFACT_LIMIT_BYTES, Upload

PER_HOUR_BYTES = 4 * 1024**3
"""What one principal may have kept in a clock hour."""
DELIVERED = "artifact.delivered"


class Delivered(Struct, frozen=True, kw_only=True):
    """How far an upload is."""

    digest: Digest
    received: int
    complete: bool


async def deliver_artifact(context: Context, upload: Upload, *, offset: int, chunks: AsyncIterator[bytes]) -> Delivered:
    """Take the bytes that come, the first at `offset`, and keep them once they are whole.

    What was delivered before is answered as complete, and nothing is read. Raise as
    `BlobStore.append` and `BlobStore.keep`; `InvalidInputError` (`ARTIFACT_TOO_LARGE`,
    `DIGEST_INVALID`), and `DeniedError` (`RATE_LIMITED`) where the owner brought too much this hour.
    """
    standing = await delivered(context, upload)
    if standing.complete:
        return standing
    received = await context.blobs.append(upload, offset, chunks)
    if received == upload.size:
        await context.blobs.keep(upload, lambda: _record(context, upload))
    return Delivered(digest=upload.digest, received=received, complete=received == upload.size)


async def delivered(context: Context, upload: Upload) -> Delivered:
    """Return how far an upload is: as nobody else's is told, so that nobody learns what is here."""
    parse_digest(upload.digest)
    if not 1 <= upload.size <= ARTIFACT_LIMIT_BYTES:
        raise InvalidInputError("ARTIFACT_TOO_LARGE", f"an artifact has 1 to {ARTIFACT_LIMIT_BYTES} bytes")
    found = await _delivery(context, upload.owner, upload.digest)
    if found is not None and found.size == upload.size and await context.blobs.holds(upload.digest):
        return Delivered(digest=upload.digest, received=upload.size, complete=True)
    return Delivered(digest=upload.digest, received=await context.blobs.received(upload), complete=False)


async def delivered_content(context: Context, owner: str, digest: str) -> bytes:
    """Return the bytes that `owner` delivered under `digest`.

    Raise `NotFoundError` (`ARTIFACT_MISSING`) where they did not, whoever else did; and as `BlobStore.get`.
    """
    if await _delivery(context, owner, parse_digest(digest)) is None:
        raise NotFoundError("ARTIFACT_MISSING", f"{owner} has uploaded nothing with the digest {digest}")
    return await context.blobs.get(Digest(digest))


async def _delivery(context: Context, owner: str, digest: Digest) -> Delivery | None:
    key = delivery_key(owner, digest)
    entity = entity_of(await context.store.load([key]), key)
    return read_delivery(entity) if entity else None


async def _record(context: Context, upload: Upload) -> None:
    key = delivery_key(upload.owner, upload.digest)

    def decision(snapshot: Snapshot, now: datetime) -> Decision:  # noqa: ARG001 - whoever brings them again, brings them
        delivery = Delivery(
            principal_id=upload.owner, digest=upload.digest, size=upload.size, delivered_at=cut_to_milliseconds(now)
        )
        return Decision(
            type=DELIVERED,
            actor=upload.owner,
            subject=upload.digest,
            data={"digest": upload.digest, "size": upload.size},
            writes={key: delivery.to_object()},
            counters={f"{now:%Y%m%d%H}/artifacts/{upload.owner}": Count(add=upload.size, limit=PER_HOUR_BYTES)},
        )

    await decide(context, lambda _: (key,), decision)
