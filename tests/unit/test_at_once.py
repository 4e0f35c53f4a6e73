"""Core operations that the policy lets through at once are planned and performed in one change (protocol 5)."""

from __future__ import annotations

from typing import Any

import pytest

from placet.core.entities.runs import RunState, read_operation_state, read_plan, read_run
from placet.core.governed import Asked, ask
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.log.change import Change, Committed
from placet.domain.values.kinds import OperationKind
from placet.errors import ApprovalsPendingError, DeniedError, InvalidInputError
from placet.ports.store import ConflictError
from placet.usecases.show_run import show_run
from support.doubles import CountingStore
from support.installation import CERTIFYING, POLICY, PUBLISHING, TEAM
from support.world import World

ALICE = Subject(provider="core", name="person:alice", version="", tag="")
DISABLE = Intent(kind=OperationKind.CHANGE_ROLE, subject=ALICE, params={"state": "disabled", "on_behalf_of": ""})
WITH_APPROVALS = (
    TEAM
    + PUBLISHING
    + CERTIFYING
    + """\
[[rule]]
operations = ["activate_policy", "enrol_principal", "change_role", "change_executor"]
subjects = ["core:**"]
requesters = ["person:*"]
approvals = [{ group = "security", count = 1, assurance = 2 }]
"""
)


class ConflictingOnce(CountingStore):
    """A store whose first change of a kind conflicts, on a once key that nobody can have used."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.conflicts = 2

    async def commit(self, change: Change) -> Committed:
        if self.conflicts and any(each.startswith("effect/") for each in change.once):
            self.conflicts -= 1
            raise ConflictError("once", "effect/of-somebody-else", first_use=1)
        return await super().commit(change)


def disable(world: World, requester: str = "person:erin") -> Asked:
    return world.run(ask(world.context, DISABLE, requester=requester, contents={}))


def types(world: World, start: int) -> list[str]:
    return [each.body.type for each in world.entries()[start:]]


def test_one_change_has_run_plan_receipt_and_deed() -> None:
    world = World()
    before = len(world.entries())

    asked = disable(world)

    assert types(world, before) == ["principal.changed"]
    view = world.run(show_run(world.context, asked.run.run_id))
    assert (view.run.state, view.run.plans) == (RunState.EXECUTED, 1)
    assert view.run == asked.run
    assert view.operations[0].executed
    assert view.operations[0].receipt is not None
    assert view.operations[0].receipt.receipt_id == asked.report.receipt_id


def test_what_waits_for_approvals_takes_the_longer_road() -> None:
    world = World(WITH_APPROVALS)
    before = len(world.entries())

    with pytest.raises(ApprovalsPendingError):
        disable(world)

    assert types(world, before) == ["run.requested", "plan.created"]


def test_what_is_refused_leaves_a_denial_and_an_ended_run() -> None:
    world = World()
    before = len(world.entries())

    with pytest.raises(DeniedError):
        disable(world, requester="agent:helper")

    assert types(world, before) == ["run.requested", "authorization.denied", "run.abandoned"]


def test_what_loses_a_race_at_once_is_asked_again_on_the_longer_road() -> None:
    world = World(POLICY)
    world.rebuild(store=ConflictingOnce(world.ledger))
    before = len(world.entries())

    asked = disable(world)

    assert asked.run.state is RunState.EXECUTED
    assert types(world, before) == ["run.requested", "plan.created", "principal.changed", "run.executed"]


def test_what_a_change_is_going_to_write_is_known_to_its_own_reader_alone() -> None:
    world = World()
    run = disable(world).run
    unwritten = read_run.unwritten(run)

    assert read_run(unwritten) is run
    with pytest.raises(InvalidInputError, match="LEDGER_CORRUPT"):
        read_plan(unwritten)
    with pytest.raises(InvalidInputError, match="LEDGER_CORRUPT"):
        read_operation_state(unwritten)
