"""A denial sticks: to the same bytes in every new plan, until the one who denied withdraws."""

from __future__ import annotations

import pytest

from placet.core.runs import Intent, stored_run
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.facts import ReceiptState
from placet.domain.values.kinds import Mode
from placet.usecases.approve_plan import end_denied
from placet.usecases.resume_run import resume_run
from support.forging import receipt_in
from support.governance import key_of
from support.installation import POLICY
from support.intents import a_publication, an_object, artifact
from support.world import World

TAR = "c3" * 32


def another_stamp(world: World) -> World:
    """Keep the archive as a new certificate would stamp it: other bytes of the same package."""
    world.run(world.blobs.put(b"the same package, stamped again"))
    return world


RESTAMPED = a_publication(artifacts=(artifact(b"the same package, stamped again"),))


@pytest.mark.parametrize("intent", [a_publication(), an_object()], ids=["publication", "object"])
def test_a_new_plan_with_the_denied_bytes_is_refused_whatever_it_does_with_them(intent: Intent) -> None:
    world = World()
    world.deny(world.plan())

    with world.refusing("DENIED_BY_APPROVER"):
        world.plan(intent)


def test_a_new_stamp_on_the_denied_archive_is_refused_too() -> None:
    world = another_stamp(World())
    world.deny(world.plan(archive_sha256=TAR))

    with world.refusing("DENIED_BY_APPROVER"):
        world.plan(RESTAMPED, archive_sha256=TAR)


def test_other_bytes_of_another_archive_are_not_denied() -> None:
    world = another_stamp(World())
    world.deny(world.plan(archive_sha256=TAR))

    assert world.plan(RESTAMPED, archive_sha256="d4" * 32).operations


def test_no_receipt_is_issued_for_what_is_denied_even_when_enough_approve() -> None:
    world = World()
    plan = world.approved(world.plan(), "alice", "carol")
    world.deny(plan)

    with world.refusing("DENIED_BY_APPROVER"):
        world.issue(plan)


def test_a_denial_after_the_receipt_was_issued_makes_it_stale() -> None:
    world = World()
    plan, token = world.ready()
    world.deny(plan)

    with world.refusing("STALE_APPROVAL") as refused:
        world.present(plan, token)

    assert "DENIED_BY_APPROVER" in refused.sentence


def test_a_denial_of_a_dry_run_holds_for_production() -> None:
    world = World()
    world.deny(world.plan(mode=Mode.DRY_RUN))

    with world.refusing("DENIED_BY_APPROVER"):
        world.plan()


def test_approving_after_denying_takes_nothing_back() -> None:
    world = World()
    plan = world.plan()
    world.deny(plan)
    world.approved(plan, "bob", "alice")

    with world.refusing("DENIED_BY_APPROVER"):
        world.issue(plan)


def test_who_denied_withdraws_and_the_plan_goes_on() -> None:
    world = World()
    plan = world.plan()
    world.deny(plan)
    world.move(seconds=1)
    world.withdraw(plan)
    world.approved(plan)

    token = world.issue(plan)

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_who_denied_withdraws_on_a_later_plan_of_the_same_archive() -> None:
    world = another_stamp(World())
    denied = world.plan(archive_sha256=TAR)
    later = world.plan(RESTAMPED, archive_sha256=TAR)
    world.deny(denied)
    world.move(seconds=1)
    world.withdraw(later)

    assert receipt_in(world.issue(world.approved(later))).enforceable


@pytest.mark.parametrize("name", ["alice", "dave"])
def test_nobody_withdraws_another_s_denial(name: str) -> None:
    world = World()
    plan = world.plan()
    world.deny(plan)

    with world.refusing("APPROVER_INELIGIBLE") as refused:
        world.withdraw(plan, name)

    assert refused.actor == f"person:{name}"
    with world.refusing("DENIED_BY_APPROVER"):
        world.plan()


def test_two_denials_need_two_withdrawals() -> None:
    world = World()
    plan = world.plan()
    world.deny(plan, "bob")
    world.deny(plan, "carol")
    world.move(seconds=1)
    world.withdraw(plan, "bob")

    with world.refusing("DENIED_BY_APPROVER"):
        world.issue(world.approved(plan))


def test_the_denial_of_somebody_who_left_stays() -> None:
    world = World()
    plan = world.plan()
    world.deny(plan)
    world.disable("person:bob")

    with world.refusing("DENIED_BY_APPROVER"):
        world.issue(world.approved(plan))


def test_only_an_approver_of_the_policy_denies() -> None:
    world = World()
    world.enrol("person:zoe", key_of("mallory"))
    plan = world.plan()

    with world.refusing("APPROVER_INELIGIBLE"):
        world.say(plan, "zoe", ApprovalDecision.DENY, group="", key=key_of("mallory"))


def test_a_denied_run_ends_and_its_certificate_with_it() -> None:
    world = World()
    certificate_id = world.certificate()
    plan = world.approved(world.plan(a_publication(certificate_id=certificate_id)))
    run = world.run(stored_run(world.context, plan.run_id))
    world.write(run.key, run.certified(certificate_id).to_object())
    world.deny(plan)

    world.run(end_denied(world.context, plan.run_id))

    assert world.run(stored_run(world.context, plan.run_id)).state == "denied"
    assert len(world.entries("certificate.revoked")) == 1


def test_resuming_a_denied_run_is_refused_and_recorded() -> None:
    world = World()
    plan = world.approved(world.plan())
    world.deny(plan)

    with world.refusing("DENIED_BY_APPROVER"):
        world.run(resume_run(world.context, plan.run_id))

    assert world.run(stored_run(world.context, plan.run_id)).state == "denied"


def test_resuming_a_run_that_was_denied_says_so_and_not_only_that_it_has_ended() -> None:
    world = World()
    plan = world.plan()
    world.deny(plan)
    world.run(end_denied(world.context, plan.run_id))

    with world.refusing("DENIED_BY_APPROVER"):
        world.run(resume_run(world.context, plan.run_id))


def test_resuming_a_run_that_has_ended_is_refused_and_recorded() -> None:
    world = World()
    plan = world.approved(world.plan())
    world.run(resume_run(world.context, plan.run_id))

    with world.refusing("RUN_CLOSED"):
        world.run(resume_run(world.context, plan.run_id))


def test_approving_a_run_that_has_ended_is_refused() -> None:
    world = World()
    plan = world.approved(world.plan())
    world.run(resume_run(world.context, plan.run_id))

    with world.refusing("RUN_CLOSED"):
        world.approved(plan, "carol")


def test_the_policy_in_force_decides_who_may_deny_not_the_one_of_the_plan() -> None:
    world = World()
    plan = world.plan()
    world.activate(POLICY.replace('"person:bob", ', ""))

    with world.refusing("APPROVER_INELIGIBLE"):
        world.deny(plan, "bob")
