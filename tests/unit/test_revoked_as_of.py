"""The signed list of revocations is as of exactly the checkpoint it comes with (ADR 14)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from placet.core.abandon import revoke_unpublished
from placet.core.decide import Decision, decide
from placet.core.revoked_as_of import revoked_as_of_now
from placet.domain.verification.revocation_list import open_list
from placet.domain.verification.trust_root import Log
from placet.errors import UnavailableError
from support.doubles import CountingStore
from support.ledgers import LOG_KEY, ORIGIN
from support.world import World

LOG = Log(origin=ORIGIN, checkpoint_keys=(LOG_KEY,))


def test_the_list_names_what_was_revoked_at_the_checkpoint() -> None:
    world = World()
    certificate_id = world.certificate()
    world.run(revoke_unpublished(world.context, certificate_id))

    made = world.run(revoked_as_of_now(world.context))

    listed = open_list(made.revocations, LOG)
    assert listed.checkpoint == made.checkpoint
    assert listed.checkpoint.size == len(world.contents())
    assert [each.certificate_id for each in listed.revocations] == [certificate_id]


class GrowingStore(CountingStore):
    """A store whose log gets another entry after each of the next `times` checkpoints."""

    def __init__(self, world: World, times: int) -> None:
        super().__init__(world.ledger)
        self._world = world
        self._times = times

    async def checkpoint(self, size: int | None = None) -> str:
        note = str(await self._store.checkpoint(size))
        if self._times:
            self._times -= 1
            await decide(self._world.context, lambda _: (), lambda _snapshot, _now: NOTHING)
        return note


NOTHING = Decision(type="test.noted", actor="service:test", subject="", data={}, writes={})


@pytest.mark.parametrize("times", [1, 15])
def test_where_the_log_grows_meanwhile_the_list_is_made_again(times: int) -> None:
    world = World()
    made = world.run(revoked_as_of_now(replace(world.context, store=GrowingStore(world, times))))

    assert open_list(made.revocations, LOG).checkpoint.size == len(world.contents())


def test_where_the_log_keeps_growing_it_says_so() -> None:
    world = World()

    with pytest.raises(UnavailableError, match="BUSY"):
        world.run(revoked_as_of_now(replace(world.context, store=GrowingStore(world, 16))))
