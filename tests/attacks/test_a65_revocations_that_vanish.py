"""A signed revocation list names every revocation, whatever becomes of the rows that people search by."""

from __future__ import annotations

import pytest

from placet.core.abandon import revoke_unpublished
from placet.core.decide import load
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.revocations import (
    REVOCATIONS,
    all_revocations,
    all_revocations_premises,
    revocation_key,
)
from placet.core.entities.stored import required
from placet.core.governed import ask
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.certificate.revocation import RevocationReason
from placet.domain.log.change import EntityKey
from placet.domain.values.kinds import OperationKind
from placet.errors import UnavailableError
from support.ledgers import InMemory
from support.world import World


def revoked(world: World) -> str:
    certificate_id = world.certificate()
    world.run(revoke_unpublished(world.context, certificate_id))
    return certificate_id


def ask_to_revoke(world: World, certificate_id: str) -> None:
    intent = Intent(
        kind=OperationKind.REVOKE_CERTIFICATE,
        subject=Subject(provider="core", name="@acme/tool", version="1.0.0", tag=""),
        params={"certificate_id": certificate_id, "reason": RevocationReason.KEY_COMPROMISE.value, "invalid_since": ""},
    )
    world.run(ask(world.context, intent, requester="person:alice", contents={}))


def listed(world: World) -> list[str]:
    snapshot = world.run(load(world.context, all_revocations_premises))
    return [each.certificate_id for each in all_revocations(snapshot)]


def test_where_nothing_was_revoked_nothing_is_listed() -> None:
    assert listed(World()) == []


def test_whoever_revokes_is_listed_in_order() -> None:
    world = World()
    first, second = revoked(world), world.certificate()
    ask_to_revoke(world, second)

    assert listed(world) == [first, second]


def test_revoking_twice_lists_once() -> None:
    world = World()
    certificate_id = revoked(world)
    ask_to_revoke(world, certificate_id)
    world.run(revoke_unpublished(world.context, certificate_id))

    assert listed(world) == [certificate_id]


def test_two_that_revoke_at_once_are_both_listed() -> None:
    world = World()
    one, other = world.certificate(), world.certificate()
    world.meanwhile(lambda: ask_to_revoke(world, other))
    ask_to_revoke(world, one)

    assert listed(world) == [other, one]


def test_deleted_index_rows_hide_no_revocation() -> None:
    world = World()
    certificate_id = revoked(world)
    assert isinstance(world.home, InMemory)
    assert world.home.tables is not None
    world.home.tables.index.clear()

    assert listed(world) == [certificate_id]


@pytest.mark.parametrize("gone", ["number", "certificate"])
def test_a_counted_revocation_that_is_not_there_is_said(gone: str) -> None:
    world = World()
    certificate_id = revoked(world)
    key: EntityKey = revocation_key(1) if gone == "number" else certificate_key(certificate_id)
    world.write(key, None)

    with pytest.raises(UnavailableError, match="LEDGER_CORRUPT"):
        listed(world)


def test_a_listed_certificate_without_its_revocation_is_said() -> None:
    world = World()
    certificate_id = world.certificate()
    key = certificate_key(certificate_id)
    issued = read_certificate(required(world.load(key), key, "certificate"))
    world.run(revoke_unpublished(world.context, certificate_id))
    world.write(key, issued.to_object())

    with pytest.raises(UnavailableError, match="revocation 1 is counted"):
        listed(world)


def test_the_count_is_what_everybody_who_revokes_writes() -> None:
    world = World()
    before = world.load(REVOCATIONS).entities[REVOCATIONS].revision
    revoked(world)

    assert world.load(REVOCATIONS).entities[REVOCATIONS].revision > before
