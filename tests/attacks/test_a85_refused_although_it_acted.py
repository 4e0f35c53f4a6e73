"""A85: a provider refuses although it acted, and then cannot be read: nothing is sent a second time (protocol 5)."""

from __future__ import annotations

import pytest

from placet.core.execute import execute_plan
from placet.domain.authorization.facts import ReceiptState
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Finding, Presence
from support.forging import receipt_in
from support.installation import ACTOR
from support.world import World


def test_no_second_attempt_is_made_before_the_provider_tells_that_the_first_does_not_stand() -> None:
    """It refused although it acted, and cannot be read: another attempt would be stale for ever."""
    world = World()
    plan, token = world.ready()
    world.double.answers = OutcomeStatus.FAILED
    assert world.present(plan, token).state is ReceiptState.FAILED
    world.double.finding = Finding(presence=Presence.UNKNOWN)

    with pytest.raises(EffectError) as caught:
        world.run(execute_plan(world.context, plan, actor=ACTOR))
    world.double.finding = None
    reports = world.run(execute_plan(world.context, plan, actor=ACTOR))

    assert caught.value.code == "OUTCOME_UNKNOWN"
    assert [(each.state, each.receipt_id) for each in reports] == [
        (ReceiptState.EXECUTED, receipt_in(token).receipt_id)
    ]
    assert len(world.double.sent) == 1
