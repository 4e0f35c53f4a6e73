"""A80: break-glass reused, over three operations, past its time, to waive a signature."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.core.runs import Intent
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind, OutcomeStatus
from support.forging import forged, receipt_in
from support.governance import NOW, key_of
from support.installation import POLICY
from support.intents import an_object
from support.world import World

MILLISECOND = timedelta(milliseconds=1)
GLASS = POLICY.replace('version = "v1"', 'version = "v1"\n[break_glass]\ngroup = "security"\n', 1)


def a_world() -> World:
    return World(GLASS)


# What it is for


def test_two_persons_publish_without_the_approvals_and_their_names_are_on_the_receipt() -> None:
    world = a_world()
    plan = world.breaks(world.plan(), "dave")
    with world.refusing("APPROVALS_MISSING", check=""):
        world.issue(plan)

    world.breaks(plan, "erin")

    token = world.issue(plan)
    assert receipt_in(token).approvers == ("person:dave", "person:erin")
    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_a_freeze_is_waived_by_name_and_approvals_are_not() -> None:
    world = a_world()
    world.freeze()
    plan = world.breaks(world.plan(), waives=("freeze",))
    with world.refusing("APPROVALS_MISSING", check=""):
        world.issue(plan)

    token = world.issue(world.approved(plan, "alice"))

    assert receipt_in(token).approvers == ("person:alice", "person:dave", "person:erin")
    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_waiving_approvals_does_not_waive_a_freeze() -> None:
    world = a_world()
    world.freeze()
    plan = world.breaks(world.plan())

    with world.refusing("FROZEN", check=""):
        world.issue(plan)


# Reused


def test_it_is_for_one_plan_of_one_run() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.present(plan, world.issue(plan))

    with world.refusing("APPROVALS_MISSING", check=""):
        world.issue(world.plan(an_object(), subject="another run"))


def test_a_used_receipt_stays_used_under_broken_glass() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    token = world.issue(plan)
    world.present(plan, token)

    with world.refusing("RECEIPT_CONSUMED"):
        world.present(plan, token)
    with world.refusing("RECEIPT_ALREADY_OPEN", check=""):
        world.issue(plan)


# Over three operations


def objects(count: int) -> list[Intent]:
    return [an_object(f"packages/{number}.tgz") for number in range(count)]


def test_a_plan_of_four_effects_cannot_have_it() -> None:
    world = a_world()
    plan = world.plan(*objects(4))

    with world.refusing("BREAK_GLASS_EXCEEDED", check=""):
        world.breaks(plan, "dave")


def test_three_receipts_are_all_that_it_gives_failed_attempts_included() -> None:
    world = a_world()
    plan = world.breaks(world.plan(*objects(2)))
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    for _ in range(3):
        assert world.present(plan, world.issue(plan)).state is ReceiptState.FAILED

    with world.refusing("BREAK_GLASS_EXCEEDED", check=""):
        world.issue(plan)


# Past its time


def test_an_hour_is_all_that_can_be_asked_for() -> None:
    world = a_world()

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.breaks(world.plan(), "dave", hours=1 + 1 / 3_600_000)


def test_after_an_hour_no_receipt_is_issued() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.clock.at = NOW + timedelta(hours=1)

    with world.refusing("APPROVALS_MISSING", check=""):
        world.issue(plan)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=5)])
def test_a_receipt_that_was_issued_in_time_does_not_outlive_it(late: timedelta) -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.move(minutes=30)
    token = world.issue(plan)
    world.clock.at = NOW + timedelta(hours=1) + late

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_an_hour_that_ends_while_the_store_stalls_has_ended() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    world.move(minutes=59, seconds=50)
    token = world.issue(plan)

    def stall() -> None:
        world.clock.at = NOW + timedelta(hours=1)

    world.meanwhile(stall)

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_a_glass_that_one_of_the_two_takes_back_is_whole() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    token = world.issue(plan)
    world.move(seconds=1)
    world.deny(plan, "dave")
    world.move(seconds=1)
    world.withdraw(plan, "dave")

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


# What cannot be waived


@pytest.mark.parametrize(
    "waives",
    [
        ("signature",),
        ("approvals", "signature"),
        ("digests",),
        ("mode",),
        ("ledger",),
        ("single_use",),
        ("denials",),
        ("limits",),
        (),
        ("freeze", "approvals"),
        ("approvals", "approvals"),
    ],
)
def test_nothing_but_approvals_freeze_and_windows_can_be_waived_each_once(waives: tuple[str, ...]) -> None:
    world = a_world()

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.breaks(world.plan(), "dave", waives=waives)


def test_without_a_justification_nothing_is_waived() -> None:
    world = a_world()

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.breaks(world.plan(), "dave", why="")


def test_signature_mode_and_bytes_are_checked_under_broken_glass() -> None:
    world = a_world()
    plan = world.breaks(world.plan(), waives=("approvals", "freeze", "windows"))
    token = world.issue(plan)

    with world.refusing("SIGNATURE_INVALID"):
        world.present(plan, token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))
    with world.refusing("MODE_NOT_PROD"):
        world.present(plan, token, mode="dry_run")
    with world.refusing("ARTIFACT_MISMATCH"):
        world.present(plan, token, contents={"tool-1.0.0.tgz": b"other bytes"})
    with world.refusing("RECEIPT_PAYLOAD_MISMATCH"):
        world.present(plan, forged(world, token, max_age_seconds=1))


def test_a_denial_is_not_waived() -> None:
    world = a_world()
    plan = world.plan()
    world.deny(plan, "carol")
    world.breaks(plan)

    with world.refusing("DENIED_BY_APPROVER", check=""):
        world.issue(plan)


GOVERNED = [OperationKind.ACTIVATE_POLICY, OperationKind.ENROL_PRINCIPAL, OperationKind.LIFT_FREEZE]


@pytest.mark.parametrize("kind", GOVERNED)
def test_who_may_say_yes_is_not_changed_under_broken_glass(kind: OperationKind) -> None:
    world = World(GLASS.replace("approvals = []", 'approvals = [{ group = "security", count = 2, assurance = 2 }]'))
    subject = Subject(provider="core", name="person:mallory", version="", tag="")
    params: dict[str, Value] = {"public_keys": [key_of("mallory").line]}
    plan = world.plan(Intent(kind=kind, subject=subject, params=params), requester="person:alice")

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.breaks(plan, "dave")


def test_an_agent_gets_nothing_done_under_broken_glass() -> None:
    world = a_world()
    world.enrol("agent:helper", on_behalf_of="person:alice")

    with world.refusing("BREAK_GLASS_INVALID", check=""):
        world.breaks(world.plan(requester="agent:helper"), "dave")


# Who may


def test_one_person_breaks_no_glass_however_often_they_sign() -> None:
    world = a_world()
    plan = world.breaks(world.plan(), "dave")
    world.move(seconds=1)
    world.breaks(plan, "dave")

    with world.refusing("APPROVALS_MISSING", check=""):
        world.issue(plan)


def test_two_who_sign_different_exceptions_break_no_glass() -> None:
    world = a_world()
    plan = world.breaks(world.plan(), "dave")
    world.breaks(plan, "erin", why="something else")
    world.breaks(plan, "erin", waives=("approvals", "freeze"))

    with world.refusing("APPROVALS_MISSING", check=""):
        world.issue(plan)


@pytest.mark.parametrize(("name", "group"), [("alice", "maintainers"), ("alice", "security"), ("dave", "maintainers")])
def test_only_the_group_that_the_policy_names_breaks_the_glass(name: str, group: str) -> None:
    world = a_world()

    with world.refusing("APPROVER_INELIGIBLE", check=""):
        world.breaks(world.plan(), name, group=group)


def test_where_the_policy_names_no_group_nobody_does() -> None:
    world = World()

    with world.refusing("APPROVER_INELIGIBLE", check=""):
        world.breaks(world.plan(), "dave")


def test_who_asked_may_not() -> None:
    world = a_world()

    with world.refusing("APPROVER_INELIGIBLE", check=""):
        world.breaks(world.plan(requester="person:dave"), "dave")


def test_a_policy_that_takes_break_glass_away_makes_its_receipts_stale() -> None:
    world = a_world()
    plan = world.breaks(world.plan())
    token = world.issue(plan)
    world.activate(POLICY.replace('version = "v1"', 'version = "v2"'))

    with world.refusing("STALE_POLICY"):
        world.present(plan, token)
