"""Check 8: a receipt is refused when what allowed it no longer holds, and only then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.context import Settings
from placet.core.entities.certificates import certificate_key, read_certificate
from placet.core.entities.stored import required
from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Precondition
from placet.domain.values.kinds import OutcomeStatus
from support.forging import forged, planted
from support.governance import NOW, key_of
from support.installation import CERTIFYING, GOVERNING, POLICY, PUBLISHING, REQUESTER, TEAM
from support.intents import a_publication, an_object
from support.world import World

MILLISECOND = timedelta(milliseconds=1)
A_MINUTE = TEAM + PUBLISHING + "receipt = { max_age_seconds = 60 }\n" + CERTIFYING + GOVERNING
CHANGED = POLICY.replace('version = "v1"', 'version = "v2"')


@pytest.mark.parametrize("late", [MILLISECOND, timedelta(seconds=1), timedelta(minutes=58)])
def test_a_receipt_older_than_the_policy_lets_it_get_is_stale_before_it_expires(late: timedelta) -> None:
    world = World(A_MINUTE)
    plan, token = world.ready()
    world.clock.at = NOW + timedelta(seconds=60) + late

    with world.refusing("STALE_AGE"):
        world.present(plan, token)


@pytest.mark.parametrize("early", [timedelta(0), MILLISECOND])
def test_a_receipt_of_just_that_age_is_not_stale(early: timedelta) -> None:
    world = World(A_MINUTE)
    plan, token = world.ready()
    world.clock.at = NOW + timedelta(seconds=60) - early

    assert world.present(plan, token).state is ReceiptState.EXECUTED


@pytest.mark.parametrize(
    "policy",
    [
        CHANGED.replace("count = 1", "count = 2"),
        CHANGED.replace("assurance = 2", "assurance = 3"),
        CHANGED.replace('"npm:@acme/*", ', ""),
        CHANGED.replace('"publish_package", ', ""),
        CHANGED.replace('["ci:**", "person:*", "agent:*"]', '["person:*"]'),
        CHANGED.replace('"person:alice", ', ""),
        CHANGED.replace(
            'approvals = [{ group = "maintainers", count = 1, assurance = 2 }]',
            'approvals = [{ group = "security", count = 1, assurance = 2 }]',
        ),
    ],
    ids=["more approvals", "assurance", "subject", "kind", "requester", "member", "group"],
)
def test_a_policy_that_refuses_now_makes_the_receipt_stale(policy: str) -> None:
    world = World()
    plan, token = world.ready()
    world.activate(policy)

    with world.refusing("STALE_POLICY"):
        world.present(plan, token)


@pytest.mark.parametrize("policy", [CHANGED, CHANGED.replace("count = 1", "count = 0")], ids=["same", "laxer"])
def test_a_policy_that_changed_and_still_allows_is_no_reason_to_refuse(policy: str) -> None:
    world = World()
    plan, token = world.ready()
    laxer = policy.replace('approvals = [{ group = "maintainers", count = 0, assurance = 2 }]', "approvals = []")
    world.activate(laxer)

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_an_approver_who_was_disabled_does_not_count() -> None:
    world = World()
    plan, token = world.ready()
    world.disable("person:alice")

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_an_approver_whose_key_was_revoked_does_not_count() -> None:
    world = World()
    plan, token = world.ready()
    world.revoke_key("alice")

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_an_approver_enrolled_anew_with_another_key_does_not_count_for_the_old_one() -> None:
    world = World()
    plan, token = world.ready()
    world.enrol("person:alice", key_of("mallory"))

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_an_approver_who_withdrew_does_not_count() -> None:
    world = World()
    plan = world.plan()
    world.deny(plan, "bob")
    world.move(seconds=1)
    world.withdraw(plan, "bob")
    world.move(seconds=1)
    world.approved(plan, "bob")
    token = world.issue(plan)
    world.move(seconds=1)
    world.deny(plan, "bob")
    world.move(seconds=1)
    world.withdraw(plan, "bob")

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_an_approval_that_ran_out_does_not_count() -> None:
    world = World()
    plan = world.approved(world.plan(), hours=0.5)
    token = world.issue(plan)
    world.clock.at = NOW + timedelta(minutes=30)

    with world.refusing("STALE_APPROVAL"):
        world.present(plan, token)


def test_another_approval_takes_the_place_of_one_that_ran_out() -> None:
    world = World()
    plan = world.approved(world.approved(world.plan(), hours=0.5), "carol")
    token = world.issue(plan)
    world.clock.at = NOW + timedelta(minutes=30)

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_a_process_inside_a_ci_job_may_not_use_what_was_allowed_outside() -> None:
    world = World()
    plan, token = world.ready()
    world.rebuild(settings=Settings(embedded_in_ci=True))

    with world.refusing("STALE_APPROVAL") as refused:
        world.present(plan, token)

    assert "EMBEDDED_IN_CI" in refused.sentence


@pytest.mark.parametrize("requester", [REQUESTER, "person:bob"])
def test_a_requester_who_was_disabled_may_not_go_on(requester: str) -> None:
    world = World()
    plan, token = world.ready(requester=requester)
    world.disable(requester)

    with world.refusing("STALE_REQUESTER"):
        world.present(plan, token)


def test_an_agent_that_was_disabled_may_not_go_on() -> None:
    world = World(POLICY.replace("assurance = 2", "assurance = 3"))
    world.enrol("agent:helper", on_behalf_of="person:bob")
    world.enrol("person:alice", key_of("alice", "sk-ed25519"))
    plan = world.plan(requester="agent:helper")
    world.say(plan, "alice", ApprovalDecision.APPROVE, key=key_of("alice", "sk-ed25519"))
    token = world.issue(plan)
    world.disable("agent:helper")

    with world.refusing("STALE_REQUESTER"):
        world.present(plan, token)


def test_a_requester_that_was_never_enrolled_gets_nothing_done() -> None:
    world = World()
    plan, token = world.ready(requester="person:zoe")

    with world.refusing("STALE_REQUESTER"):
        world.present(plan, token)


@pytest.mark.parametrize("late", [timedelta(0), MILLISECOND, timedelta(days=1)])
def test_a_certificate_that_has_ended_is_stale(late: timedelta) -> None:
    world = World()
    certificate_id = world.certificate()
    plan, token = world.ready(a_publication(certificate_id=certificate_id))
    key = certificate_key(certificate_id)
    record = read_certificate(required(world.load(key), key, "certificate"))
    world.write(key, replace(record, expires_at=NOW - late).to_object())

    with world.refusing("STALE_CERTIFICATE"):
        world.present(plan, token)


def test_a_certificate_that_is_not_there_is_stale() -> None:
    world = World()
    plan, token = world.ready(a_publication(certificate_id="CERT-PKG-20260304-999"))

    with world.refusing("STALE_CERTIFICATE"):
        world.present(plan, token)


@pytest.mark.parametrize(("field", "value"), [("package", "@acme/other"), ("version", "1.0.1")])
def test_a_certificate_for_another_package_or_version_is_stale(field: str, value: str) -> None:
    world = World()
    certificate_id = world.certificate()
    plan, token = world.ready(a_publication(certificate_id=certificate_id))
    key = certificate_key(certificate_id)
    record = read_certificate(required(world.load(key), key, "certificate"))
    changed: dict[str, Any] = {field: value}
    world.write(key, replace(record, **changed).to_object())

    with world.refusing("STALE_CERTIFICATE"):
        world.present(plan, token)


def test_a_certificate_that_counts_lets_the_package_through() -> None:
    world = World()
    plan, token = world.ready(a_publication(certificate_id=world.certificate()))

    assert world.present(plan, token).state is ReceiptState.EXECUTED


@pytest.mark.parametrize("seen", ["1.0.0", "sha512-AAAA", "unobserved", "", "ABSENT"])
def test_a_precondition_that_does_not_hold_is_stale(seen: str) -> None:
    world = World()
    plan, token = world.ready()
    world.double.facts["version"] = seen

    with world.refusing("STALE_SUBJECT"):
        world.present(plan, token)


def test_every_precondition_must_hold() -> None:
    world = World()
    both = (
        Precondition(fact="version", expected="absent"),
        Precondition(fact="dist_tag:latest", expected="0.9.0"),
    )
    plan, token = world.ready(a_publication(preconditions=both))

    with world.refusing("STALE_SUBJECT") as refused:
        world.present(plan, token)

    assert "dist_tag:latest" in refused.sentence
    world.double.facts["dist_tag:latest"] = "0.9.0"
    assert world.present(plan, token).state is ReceiptState.EXECUTED


@pytest.mark.parametrize(
    "outcome", [OutcomeStatus.EXECUTED, OutcomeStatus.INDETERMINATE, OutcomeStatus.CONFLICT], ids=str
)
def test_a_subject_that_another_run_has_taken_is_stale(outcome: OutcomeStatus) -> None:
    world = World()
    plan, token = world.ready()
    other, first = world.ready(subject="another run")
    world.double.answers = outcome
    world.present(other, first)
    world.double.facts["version"] = "absent"

    with world.refusing("STALE_SUBJECT") as refused:
        world.present(plan, token)

    assert other.operations[0].operation_id in refused.sentence


def test_a_subject_whose_effect_failed_is_free_again() -> None:
    world = World()
    plan, token = world.ready()
    other, first = world.ready(subject="another run")
    world.double.acts, world.double.answers = False, OutcomeStatus.FAILED
    world.present(other, first)
    world.double.acts, world.double.answers = True, OutcomeStatus.EXECUTED

    assert world.present(plan, token).state is ReceiptState.EXECUTED


def test_the_same_object_key_is_the_same_subject_whatever_package_it_is_for() -> None:
    world = World()
    plan, token = world.ready(an_object("shared"))
    stranger = an_object("shared", subject=replace(an_object().subject, name="@acme/other"))
    other, first = world.ready(stranger, subject="another run")
    world.present(other, first)

    with world.refusing("STALE_SUBJECT"):
        world.present(plan, token)


def test_a_receipt_that_claims_more_age_than_it_was_given_is_not_the_stored_one() -> None:
    world = World(A_MINUTE)
    plan, token = world.ready()
    world.move(seconds=61)

    with world.refusing("RECEIPT_PAYLOAD_MISMATCH"):
        world.present(plan, forged(world, token, max_age_seconds=86_400))
    with world.refusing("STALE_AGE"):
        world.present(plan, planted(world, token))
