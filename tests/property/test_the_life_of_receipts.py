"""The Core against a small model of it: whatever is done in whatever order, both say the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from placet.domain.authorization.operation import Subject
from placet.domain.authorization.plan import Plan
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import PlacetError
from placet.usecases.reconcile import reconcile
from placet.usecases.revoke_receipt import revoke_receipt
from placet.usecases.verify_ledger import verify_ledger
from support.forging import receipt_in
from support.governance import NOW, key_of
from support.installation import ACTOR, CERTIFYING, GOVERNING, PUBLISHING, TEAM, Crash
from support.intents import a_publication
from support.receipt_model import LIFETIME, OLDEST, Model, Ticket
from support.world import World

TERMS = f"receipt = {{ lifetime_seconds = {LIFETIME:.0f}, max_age_seconds = {OLDEST:.0f} }}\n"
POLICY = TEAM + PUBLISHING + TERMS + CERTIFYING + GOVERNING
NAMES = st.sampled_from(["alice", "carol"])
STEPS = st.sampled_from([0.001, 1, 30, 59.999, 60, 840, 900, 2999, 3000, 3000.001, 3599.999, 3600, 3600.001, 86_400])
INDEX = st.integers(0, 30)


class ReceiptLife(RuleBasedStateMachine):
    """Plans for three versions of one package, whose bytes are the same, at one registry."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(POLICY)
        self.model = Model()
        self.plans: list[Plan] = []
        self.tokens: list[tuple[Ticket, str]] = []
        self.policies = 1

    def both(self, expected: str, act: Callable[[], object]) -> None:
        """Do it in the Core too, and compare the answer: a code, or that it was done."""
        try:
            act()
            told = ""
        except PlacetError as error:
            told = error.code
        assert told == expected

    def tick(self, seconds: float = 0.001) -> None:
        self.model.now = round(self.model.now + seconds, 3)
        self.world.clock.at = NOW + timedelta(seconds=self.model.now)

    @rule(version=st.integers(0, 2))
    def plan(self, version: int) -> None:
        self.tick()
        subject = Subject(provider="npm", name="@acme/tool", version=f"1.0.{version}", tag="latest")
        expected = self.model.plan(version)
        self.both(expected, lambda: self.plans.append(self.world.plan(a_publication(subject=subject))))

    @precondition(lambda self: self.plans)
    @rule(index=INDEX, name=NAMES)
    def approve(self, index: int, name: str) -> None:
        self.tick()
        at = index % len(self.plans)
        if name not in self.model.wishes[at].approved:
            expected = self.model.approve(self.model.wishes[at], name)
            self.both(expected, lambda: self.world.approved(self.plans[at], name))

    @precondition(lambda self: self.plans)
    @rule(index=INDEX)
    def deny(self, index: int) -> None:
        self.tick()
        at = index % len(self.plans)
        self.both(self.model.deny(self.model.wishes[at]), lambda: self.world.deny(self.plans[at]))

    @precondition(lambda self: self.plans)
    @rule(index=INDEX)
    def withdraw(self, index: int) -> None:
        self.tick()
        at = index % len(self.plans)
        self.both(self.model.withdraw(self.model.wishes[at]), lambda: self.world.withdraw(self.plans[at]))

    @rule(name=NAMES)
    def disable_or_enable(self, name: str) -> None:
        self.tick()
        if name in self.model.disabled:
            self.world.enrol_at(f"person:{name}", NOW, key_of(name))
        else:
            self.world.disable(f"person:{name}")
        self.model.disabled ^= {name}

    @rule(needed=st.integers(1, 2))
    def change_policy(self, needed: int) -> None:
        self.policies += 1
        self.model.policy, self.model.needed = self.policies, needed
        text = POLICY.replace('version = "v1"', f'version = "v{self.policies}"')
        self.world.activate(text.replace("count = 1", f"count = {needed}"))

    @rule(seconds=STEPS)
    def wait(self, seconds: float) -> None:
        self.tick(seconds)

    @precondition(lambda self: self.plans)
    @rule(index=INDEX)
    def issue(self, index: int) -> None:
        at = index % len(self.plans)
        expected = self.model.issue(at)

        def act() -> None:
            token = self.world.issue(self.plans[at])
            self.tokens.append((self.model.wishes[at].tickets[-1], token))

        self.both(expected, act)

    @precondition(lambda self: self.tokens)
    @rule(index=INDEX)
    def revoke(self, index: int) -> None:
        ticket, token = self.tokens[index % len(self.tokens)]
        receipt_id = receipt_in(token).receipt_id
        expected = self.model.revoke(ticket)
        self.both(expected, lambda: self.world.run(revoke_receipt(self.world.context, receipt_id, actor=ACTOR)))

    @precondition(lambda self: self.tokens)
    @rule(
        index=INDEX,
        outcome=st.sampled_from([OutcomeStatus.EXECUTED, OutcomeStatus.FAILED, OutcomeStatus.INDETERMINATE]),
        acts=st.booleans(),
    )
    def present(self, index: int, outcome: OutcomeStatus, *, acts: bool) -> None:
        ticket, token = self.tokens[index % len(self.tokens)]
        acts = outcome is OutcomeStatus.EXECUTED or (acts and outcome is OutcomeStatus.INDETERMINATE)
        self.world.double.acts, self.world.double.answers = acts, outcome
        expected = self.model.present(ticket, outcome.value, acts=acts)
        self.both(expected, lambda: self.world.present(self.plans[ticket.plan], token))

    @precondition(lambda self: self.tokens)
    @rule(index=INDEX, point=st.sampled_from(["reserved", "sent", "settled"]))
    def crash(self, index: int, point: str) -> None:
        ticket, token = self.tokens[index % len(self.tokens)]
        self.world.double.acts, self.world.double.answers = True, OutcomeStatus.EXECUTED
        self.world.crash_at = f"publish_package.{point}"
        state = "executed" if point == "settled" else "reserved"
        reached = point != "reserved"
        expected = self.model.present(ticket, state, acts=reached, reached=reached)

        def act() -> None:
            with pytest.raises(Crash):
                self.world.present(self.plans[ticket.plan], token)

        self.both(expected, act)
        self.world.crash_at = ""

    @precondition(lambda self: self.tokens and len(self.plans) > 1)
    @rule(index=INDEX, other=INDEX)
    def present_in_another_run(self, index: int, other: int) -> None:
        ticket, token = self.tokens[index % len(self.tokens)]
        at = other % len(self.plans)
        if at != ticket.plan:
            self.both(self.model.refused("RUN_MISMATCH"), lambda: self.world.present(self.plans[at], token))

    @rule()
    def look_up(self) -> None:
        self.model.reconcile()
        self.world.run(reconcile(self.world.context))

    @rule(version=st.integers(0, 2))
    def somebody_else_publishes(self, version: int) -> None:
        if version not in self.model.stands:
            self.model.stands[version] = "theirs"
            self.world.double.stands[f"publish_package/npm:@acme/tool@1.0.{version}"] = "other content"

    @invariant()
    def both_know_the_same(self) -> None:
        world = self.world
        assert {token: ticket.state for ticket, token in self.tokens} == {
            token: world.state(receipt_in(token).receipt_id).value for _, token in self.tokens
        }
        assert len(world.double.sent) == self.model.sent
        assert len({each.receipt_id for each in world.double.sent}) == self.model.sent
        assert max(world.double.effects.values(), default=0) <= 1
        assert len(world.entries("authorization.denied")) == self.model.denials

    def teardown(self) -> None:
        report = self.world.run(verify_ledger(self.world.ledger))
        assert report.finding is None


QUICK = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_the_core_and_a_small_model_of_it_never_disagree() -> None:
    run_state_machine_as_test(ReceiptLife, settings=QUICK)


@pytest.mark.slow
def test_the_core_and_the_model_agree_for_much_longer() -> None:
    longer = settings(QUICK, max_examples=300, stateful_step_count=50)

    run_state_machine_as_test(ReceiptLife, settings=longer)
