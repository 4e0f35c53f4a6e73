"""A46 at GitHub: where the ledger takes no entry nothing is sent, and what was sent unrecorded is looked up."""

from __future__ import annotations

import pytest

from placet.domain.authorization.facts import ReceiptState
from placet.errors import UnavailableError
from support.github import TAG
from support.github_world import GithubWorld, github_world
from support.ledgers import InMemory


def disk(at: GithubWorld, *, writable: bool) -> None:
    assert isinstance(at.world.home, InMemory)
    at.world.home.anchor.writable = writable


def test_a46_nothing_is_sent_where_the_reservation_cannot_be_recorded() -> None:
    with github_world() as at:
        plan = at.approved_release()
        disk(at, writable=False)

        with pytest.raises(UnavailableError) as caught:
            at.carry_out(plan)

        assert caught.value.code == "AUDIT_UNAVAILABLE"
        assert at.github.sent() == []


def test_a46_a_release_whose_outcome_cannot_be_recorded_is_looked_up_later_and_not_made_again() -> None:
    with github_world() as at:
        plan = at.approved_release()
        at.github.double.inject(at.github.fault("PATCH", happens=lambda: disk(at, writable=False)))
        with pytest.raises(UnavailableError):
            at.carry_out(plan)
        disk(at, writable=True)
        at.world.move(minutes=20)
        sent = len(at.github.sent())

        carried = at.carry_out(plan)

        assert [report.state for report in carried.reports] == [ReceiptState.EXECUTED] * 2
        assert at.github.effects("draft", "publish") == {("draft", TAG): 1, ("publish", TAG): 1}
        assert len(at.github.sent()) == sent
