"""Who brings bytes over the network may name them by digest, and nobody else; that they came is on record."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from placet.core.decide import Decision
from placet.core.entities.deliveries import delivery_key, read_delivery
from placet.domain.log.change import Count
from placet.domain.values.digest import Digest, sha256
from placet.errors import DeniedError, InvalidInputError, NotFoundError
from placet.ports.blobs import ARTIFACT_LIMIT_BYTES, Upload
from placet.usecases.deliver_artifact import PER_HOUR_BYTES, Delivered, deliver_artifact, delivered, delivered_content
from support.world import World

CONTENT = b"an archive that somebody brings"
MINE = Upload(owner="person:alice", digest=sha256(CONTENT), size=len(CONTENT))


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


def deliver(world: World, upload: Upload = MINE, content: bytes = CONTENT, offset: int = 0) -> Delivered:
    return world.run(deliver_artifact(world.context, upload, offset=offset, chunks=chunks(content)))


def test_what_was_delivered_is_on_record_and_can_be_named() -> None:
    world = World()

    assert deliver(world) == Delivered(digest=MINE.digest, received=MINE.size, complete=True)

    assert world.run(delivered_content(world.context, "person:alice", MINE.digest)) == CONTENT
    (entry,) = world.entries("artifact.delivered")
    assert (entry.body.actor, entry.body.subject) == ("person:alice", MINE.digest)
    key = delivery_key("person:alice", MINE.digest)
    delivery = read_delivery(world.load(key).entities[key])
    assert (delivery.key, delivery.size, delivery.principal_id) == (key, MINE.size, "person:alice")


def test_what_was_delivered_before_is_not_read_again() -> None:
    world = World()
    deliver(world)
    before = world.store.commits

    again = deliver(world, content=b"anything at all", offset=5)

    assert again.complete
    assert world.store.commits == before


def test_a_piece_is_no_delivery_yet() -> None:
    world = World()

    assert deliver(world, content=CONTENT[:5]) == Delivered(digest=MINE.digest, received=5, complete=False)

    assert world.entries("artifact.delivered") == []
    with pytest.raises(NotFoundError, match="ARTIFACT_MISSING"):
        world.run(delivered_content(world.context, "person:alice", MINE.digest))


def test_who_did_not_bring_the_bytes_cannot_name_them_though_they_are_here() -> None:
    world = World()
    deliver(world)
    theirs = Upload(owner="person:bob", digest=MINE.digest, size=MINE.size)

    assert world.run(delivered(world.context, theirs)) == Delivered(digest=MINE.digest, received=0, complete=False)
    with pytest.raises(NotFoundError, match="person:bob has uploaded nothing"):
        world.run(delivered_content(world.context, "person:bob", MINE.digest))
    deliver(world, theirs)
    assert world.run(delivered_content(world.context, "person:bob", MINE.digest)) == CONTENT


def test_what_is_on_record_and_was_lost_is_delivered_again() -> None:
    world = World()
    deliver(world)
    world.blobs.kept.clear()

    assert not world.run(delivered(world.context, MINE)).complete
    assert deliver(world).complete
    assert len(world.entries("artifact.delivered")) == 2


@pytest.mark.parametrize("size", [0, -1, ARTIFACT_LIMIT_BYTES + 1])
def test_an_artifact_has_a_size_that_is_allowed(size: int) -> None:
    with pytest.raises(InvalidInputError, match="ARTIFACT_TOO_LARGE"):
        deliver(World(), Upload(owner="person:alice", digest=MINE.digest, size=size))


def test_what_is_no_digest_names_nothing() -> None:
    world = World()
    with pytest.raises(InvalidInputError, match="DIGEST_INVALID"):
        deliver(world, Upload(owner="person:alice", digest=Digest("sha256:../x"), size=1))
    with pytest.raises(InvalidInputError, match="DIGEST_INVALID"):
        world.run(delivered_content(world.context, "person:alice", "x"))


def test_one_principal_brings_no_more_than_so_much_in_an_hour() -> None:
    world = World()
    counter = f"{world.context.clock.now():%Y%m%d%H}/artifacts/person:alice"
    world.commit(
        Decision(
            type="test.filled",
            actor="core:test",
            subject="",
            data={},
            writes={},
            counters={counter: Count(add=PER_HOUR_BYTES, limit=PER_HOUR_BYTES)},
        )
    )

    with pytest.raises(DeniedError, match="RATE_LIMITED"):
        deliver(world)

    assert not world.run(world.blobs.holds(MINE.digest))
    world.move(hours=1)
    assert deliver(world, content=b"", offset=MINE.size).complete
