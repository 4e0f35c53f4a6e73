"""Freezes: who sets one, what it holds, and that lifting one is a governed act (protocol 6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from placet.core.entities.freezes import FREEZES, MOST_OPEN, MOST_OPEN_EACH, freezes_object, open_freezes, with_freeze
from placet.core.governed import ask, judgements_of
from placet.core.runs import Intent
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.freeze import (
    EVERYTHING,
    LONGEST_REASON,
    MOST_SUBJECTS,
    Freeze,
    checked_freeze,
    frozen,
    frozen_from,
    read_freeze,
)
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Value
from placet.domain.encoding.record import Record
from placet.domain.values.kinds import CORE_KINDS, Mode, OperationKind
from placet.errors import DeniedError, InvalidInputError, PlacetError
from placet.usecases.set_freeze import set_freeze
from support.governance import NOW, RUN, a_policy, an_operation, codes, judged, says
from support.governance import a_plan as a_plan_of
from support.installation import POLICY
from support.intents import a_publication
from support.world import World

MOMENT = timedelta(milliseconds=1)
CORE = Subject(provider="core", name="@acme/tool", version="1.0.0", tag="")


def a_freeze(*subjects: str, begins_at: timedelta = timedelta(0), reason: str = "a key may have leaked") -> Freeze:
    return Freeze(
        freeze_id="frz_20260304050607_abc123",
        subjects=subjects or EVERYTHING,
        reason=reason,
        set_by="person:alice",
        set_at=NOW,
        begins_at=NOW + begins_at,
    )


@pytest.mark.parametrize("pattern", ["*:**", "npm:**", "npm:@acme/*", "*:@acme/tool", "npm:@acme/tool"])
def test_a_freeze_holds_what_its_patterns_match(pattern: str) -> None:
    assert [each.code for each in frozen([a_freeze("r2:x", pattern)], an_operation(), NOW)] == ["FROZEN"]


@pytest.mark.parametrize("pattern", ["npm:*", "mirror:**", "npm:@acme/tools", "core:**"])
def test_a_freeze_holds_nothing_else(pattern: str) -> None:
    assert frozen([a_freeze(pattern)], an_operation(), NOW) == ()
    assert frozen_from([a_freeze(pattern, begins_at=MOMENT)], an_operation(), NOW) is None


@pytest.mark.parametrize("kind", sorted(OperationKind))
def test_a_freeze_holds_what_acts_outside_alone(kind: OperationKind) -> None:
    operation = an_operation(operation_kind=kind)

    assert bool(frozen([a_freeze()], operation, NOW)) is (kind not in CORE_KINDS)


def test_a_freeze_that_was_to_hold_at_once_holds_for_a_clock_that_lags() -> None:
    assert frozen([a_freeze()], an_operation(), NOW - timedelta(hours=1))
    assert frozen_from([a_freeze()], an_operation(), NOW - timedelta(hours=1)) is None


def test_a_freeze_that_begins_later_holds_from_then_on() -> None:
    later, sooner = a_freeze(begins_at=timedelta(hours=3)), a_freeze(begins_at=timedelta(hours=2))

    assert frozen([later, sooner], an_operation(), sooner.begins_at - MOMENT) == ()
    assert frozen_from([later, sooner], an_operation(), NOW) == sooner.begins_at
    assert len(frozen([later, sooner], an_operation(), sooner.begins_at)) == 1
    assert frozen_from([later, sooner], an_operation(), sooner.begins_at) == later.begins_at


@pytest.mark.parametrize(
    "freeze",
    [
        replace(a_freeze(), subjects=()),
        a_freeze(*(["npm:x"] * (MOST_SUBJECTS + 1))),
        a_freeze("@acme/*"),
        a_freeze("npm:"),
        a_freeze("npm:***"),
        a_freeze("NPM:x"),
        a_freeze(reason=""),
        a_freeze(reason="  "),
        a_freeze(reason="x" * (LONGEST_REASON + 1)),
        a_freeze(reason="two\nlines"),
        a_freeze(reason="caf\u00e9"),
    ],
)
def test_a_freeze_that_holds_nothing_or_says_nothing_is_refused(freeze: Freeze) -> None:
    with pytest.raises(InvalidInputError, match="FREEZE_INVALID"):
        checked_freeze(freeze)


def test_a_freeze_reads_back_as_it_was_written() -> None:
    freeze = a_freeze(*(["npm:@acme/*"] * MOST_SUBJECTS), reason="x" * LONGEST_REASON)

    assert read_freeze(Record(freeze.to_object(), what="freeze", code="X")) == freeze
    owed = replace(freeze, run_id=RUN, involved=("ci:github:acme/tool", "person:dave"))
    assert read_freeze(Record(owed.to_object(), what="freeze", code="X")) == owed
    with pytest.raises(InvalidInputError, match="FREEZE_INVALID"):
        read_freeze(Record({**freeze.to_object(), "subjects": []}, what="freeze", code="X"))


def test_a_freeze_that_was_kept_before_it_named_who_is_involved_is_still_read() -> None:
    members = a_freeze().to_object()
    del members["involved"]

    assert read_freeze(Record(members, what="freeze", code="X")) == a_freeze()


def test_a_frozen_plan_waits_for_no_approval() -> None:
    policy, plan = a_policy(), a_plan_of()

    decision = judged(policy, plan, freezes=(a_freeze(),))
    assert codes(decision) == [["FROZEN", "APPROVALS_MISSING"]]
    assert not decision.awaiting
    approved = judged(policy, plan, says(plan, "alice"), says(plan, "bob"), freezes=(a_freeze(),))
    assert codes(approved) == [["FROZEN"]]
    assert not approved.awaiting


# In the Core


def test_nothing_is_minted_while_frozen_but_planning_and_approving_go_on() -> None:
    world = World()
    world.freeze("npm:@acme/*")
    plan = world.approved(world.plan())

    with world.refusing("FROZEN", check=""):
        world.issue(plan)


def test_nothing_is_performed_while_frozen_and_the_receipt_stays_issued() -> None:
    world = World()
    plan, token = world.ready()
    frozen_by = world.freeze()

    with world.refusing("FROZEN") as refused:
        world.present(plan, token)

    assert frozen_by.freeze_id in refused.sentence
    lift(world, frozen_by)
    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_what_acts_nowhere_goes_on_while_everything_is_frozen() -> None:
    world = World()
    world.freeze()

    assert world.certificate()


def test_a_dry_run_tells_of_the_freeze() -> None:
    world = World()
    plan = world.plan(a_publication(), mode=Mode.DRY_RUN)
    world.freeze()

    (judgement,) = world.run(judgements_of(world.context, plan))

    assert [refusal.code for refusal in judgement.refusals] == ["FROZEN", "APPROVALS_MISSING"]


@pytest.mark.parametrize("who", ["person:alice", "person:erin"])
def test_every_approver_may_freeze(who: str) -> None:
    world = World()

    freeze = world.freeze(by=who)

    assert open_freezes(world.load(FREEZES)) == (freeze,)
    (entry,) = world.entries("freeze.set")
    assert (entry.body.actor, entry.body.data) == (who, {"freeze_id": freeze.freeze_id, "subjects": ["*:**"]})


def test_whom_the_policy_names_as_freezer_may_freeze() -> None:
    world = World(POLICY.replace('version = "v1"', 'version = "v1"\nfreezers = ["ci:github:acme/*", "person:oncall"]'))

    world.freeze(by="ci:github:acme/tool")

    assert len(open_freezes(world.load(FREEZES))) == 1
    with world.refusing("NO_RULE", check=""):
        world.freeze(by="person:oncall")  # named, and not enrolled


def test_nobody_else_may_freeze() -> None:
    world = World()
    world.enrol("person:zoe")
    with world.refusing("NO_RULE", check=""):
        world.freeze(by="person:zoe")

    world.disable("person:dave")
    with world.refusing("NO_RULE", check=""):
        world.freeze(by="person:dave")
    assert open_freezes(world.load(FREEZES)) == ()


def test_two_freezes_at_one_moment_both_stand() -> None:
    world = World()
    world.meanwhile(lambda: world.freeze("npm:@acme/*", by="person:erin"))

    world.freeze("mirror:**")

    assert [freeze.subjects for freeze in open_freezes(world.load(FREEZES))] == [("npm:@acme/*",), ("mirror:**",)]


def test_a_malformed_freeze_is_refused_before_anything_is_written() -> None:
    world = World()
    size = len(world.contents())

    with pytest.raises(InvalidInputError, match="FREEZE_INVALID"):
        world.run(set_freeze(world.context, subjects=("acme",), reason="why", actor="person:dave"))

    assert len(world.contents()) == size


def test_more_freezes_than_can_be_kept_are_refused_and_what_is_kept_can_be_read() -> None:
    world = World()
    widest = a_freeze(*([f"npm:{'x' * 500}"] * MOST_SUBJECTS), reason="y" * LONGEST_REASON)
    everything, owed = (
        a_freeze(reason="y" * LONGEST_REASON),
        replace(widest, run_id=RUN, subjects=("*:" + "x" * 214,) * 3),
    )
    world.write(FREEZES, freezes_object([widest, everything, owed] * MOST_OPEN))

    assert len(open_freezes(world.load(FREEZES))) == 3 * MOST_OPEN
    for subjects in ((), ("npm:@acme/*",)):
        with world.refusing("FROZEN", check=""):
            world.freeze(*subjects)
    with pytest.raises(DeniedError, match="FROZEN"):
        with_freeze(open_freezes(world.load(FREEZES)), owed)


@pytest.mark.parametrize("subjects", [("npm:@acme/*",), EVERYTHING])
def test_one_setter_has_eight_freezes_open_and_no_ninth(subjects: tuple[str, ...]) -> None:
    world = World()
    for _ in range(MOST_OPEN_EACH):
        world.freeze(*subjects, by="person:alice")
    with world.refusing("FROZEN", check=""):
        world.freeze(*subjects, by="person:alice")

    world.freeze(*subjects, by="person:bob")
    assert len(open_freezes(world.load(FREEZES))) == MOST_OPEN_EACH + 1


def test_whose_freezes_are_used_up_can_still_freeze_everything() -> None:
    world = World()
    for _ in range(MOST_OPEN_EACH):
        world.freeze("npm:@acme/*", by="person:alice")
    assert world.freeze(by="person:alice") in open_freezes(world.load(FREEZES))


def test_where_all_freezes_are_used_up_a_freeze_of_everything_and_an_owed_one_are_kept() -> None:
    full = [a_freeze("npm:@acme/*")] * MOST_OPEN
    for fresh in (a_freeze(), replace(a_freeze("npm:@acme/tool"), run_id=RUN)):
        assert with_freeze(full, fresh) == freezes_object([*full, fresh])


def lifting(freeze_id: str, *subjects: str) -> Intent:
    return Intent(
        kind=OperationKind.LIFT_FREEZE,
        subject=Subject(provider="core", name=freeze_id, version="", tag=""),
        params={"subjects": list[Value](subjects)},
    )


def lift(world: World, freeze: Freeze, *subjects: str) -> None:
    intent = lifting(freeze.freeze_id, *(subjects or freeze.subjects))
    world.run(ask(world.context, intent, requester="person:alice", contents={}))


def test_one_freeze_is_lifted_and_the_others_stay() -> None:
    world = World()
    first, second = world.freeze("npm:@acme/*"), world.freeze("mirror:**")

    lift(world, first)

    assert open_freezes(world.load(FREEZES)) == (second,)
    (entry,) = world.entries("freeze.lifted")
    assert isinstance(entry.body.data, dict)
    assert entry.body.data["freeze_id"] == first.freeze_id


def test_a_freeze_is_lifted_only_as_the_one_that_approvers_were_shown() -> None:
    world = World()
    freeze = world.freeze()

    with pytest.raises(DeniedError, match="PARAMS_MISMATCH"):
        lift(world, freeze, "npm:@acme/harmless")
    with pytest.raises(PlacetError, match="FREEZE_INVALID"):
        world.run(ask(world.context, lifting("frz_20200101000000_aaaaaa"), requester="person:alice", contents={}))

    assert open_freezes(world.load(FREEZES)) == (freeze,)
