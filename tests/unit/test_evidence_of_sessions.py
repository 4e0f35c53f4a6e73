"""Evidence says that an approval was given in a session, and stays what it was (protocol 6 and 8)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.caller import Caller
from placet.core.entities.runs import Run
from placet.domain.authorization.policy_document import policy_digest
from placet.domain.authorization.principal_identity import session_key_id
from placet.domain.encoding.canonical import Object, decode
from placet.domain.log.decision_records import ApprovalRecorded, PrincipalEnrolled
from placet.domain.verification.verifier import verify_bundle
from placet.errors import ApprovalsPendingError
from placet.usecases.revoke_key import revoke_key
from support.governance import key_of
from support.identity import POLICY, Signing
from support.installation import REQUESTER
from support.publication import Story, story
from support.publication_parts import POLICY as STORY_POLICY
from support.publication_parts import approval_of, receipt_of
from support.recorded import activate, enrol, keep, pending_plan, publish, verified
from support.small_log import START, Event
from support.verdicts import ROOT, code_of

TWO = POLICY.replace("count = 1", "count = 2")
IDENTITY = "ab" * 32
LENIENT = STORY_POLICY.replace(b"assurance = 2", b"assurance = 1")


# As the Core records it


def world_of(policy: str) -> Signing:
    """Return an installation where bob and carol sign in, whose people and policy stand in the ledger."""
    world = Signing(policy)
    for principal_id, keys in ((REQUESTER, ()), ("person:alice", (key_of("alice"),))):
        enrol(world, principal_id, *keys)
    for name in ("bob", "carol"):
        keep(world, world.principal(f"person:{name}"))
    activate(world, policy)
    with pytest.raises(ApprovalsPendingError):
        publish(world)
    return world


def says_yes(world: Signing, name: str) -> Caller:
    caller = world.known(name)
    world.saying_in(caller, pending_plan(world))
    return caller


def both(world: Signing) -> tuple[Run, Caller]:
    """Publish after alice signed and bob approved in a session."""
    world.approved(pending_plan(world), "alice")
    caller = says_yes(world, "bob")
    return publish(world), caller


def test_a_verdict_tells_who_signed_and_who_was_signed_in() -> None:
    world = world_of(TWO)
    run, _ = both(world)

    assert verified(world, run).approvers == (("person:alice", 2), ("person:bob", 1))


def test_it_stays_so_whatever_is_held_against_session_person_and_issuer_later() -> None:
    world = world_of(TWO)
    run, caller = both(world)
    world.move(days=1)

    world.run(revoke_key(world.context, caller.credential_id, actor="person:bob"))
    world.identify("person:bob", "robert")
    world.role("person:bob", "disabled")
    world.distrust()
    world.move(days=1)
    world.trust()

    assert verified(world, run).approvers == (("person:alice", 2), ("person:bob", 1))


def test_an_approval_that_did_not_count_when_the_receipt_was_issued_is_no_part_of_it() -> None:
    world = world_of(POLICY)
    caller = says_yes(world, "bob")
    world.move(seconds=1)
    world.run(revoke_key(world.context, caller.credential_id, actor="person:bob"))
    says_yes(world, "carol")

    run = publish(world)

    assert verified(world, run).approvers == (("person:carol", 1),)


# As a verifier reads it


def in_session(policy: bytes = LENIENT, **recorded: Any) -> Story:
    """Return a story in which bob approves in a session, and the policy of the receipts takes that."""
    told = story()
    plan = told.plans[1]
    bob = approval_of(plan, "bob", key_id=session_key_id(IDENTITY))
    record = ApprovalRecorded(
        approval=decode(bob.encode()), signature="", assurance=1, recorded_at=START, session="session_0123456789ab"
    )
    told.events["bob approves"] = Event("approval.recorded", replace(record, **recorded).to_object())
    told.events["bob"] = Event("principal.enrolled", with_identity(told.events["bob"].data))
    told.policies.append(policy)
    activated: Object = {**told.events["policy"].data, "policy_digest": policy_digest(policy)}
    told.events = {"other policy": Event("policy.activated", activated), **told.events}
    for number, name in enumerate(("put issued", "publish issued"), 1):
        receipt = receipt_of(plan, plan.operations[number - 1], [approval_of(plan, "alice"), bob], number=number)
        told.change_receipt(name, policy_digest=policy_digest(policy), approvals_digest=receipt.approvals_digest)
    return told


def with_identity(enrolment: Object) -> Object:
    at = "2026-01-01T00:00:00.000Z"
    identity: Object = {"identity_id": IDENTITY, "enrolled_at": at, "revoked_at": ""}
    principal = enrolment["principal"]
    assert isinstance(principal, dict)
    return PrincipalEnrolled(principal={**principal, "identities": [identity]}, receipt={}).to_object()


def test_a_bundle_with_an_approval_in_a_session_is_verified_and_says_so() -> None:
    assert verify_bundle(in_session().encoded(), ROOT).approvers == (("person:alice", 2), ("person:bob", 1))


def test_a_policy_that_wants_signatures_is_not_satisfied_by_it() -> None:
    assert code_of(in_session(STORY_POLICY + b"\n")) == "APPROVAL_ASSURANCE_LOW"


@pytest.mark.parametrize(
    ("recorded", "code"),
    [
        ({"assurance": 2}, "BUNDLE_MALFORMED"),
        ({"session": ""}, "BUNDLE_MALFORMED"),
        ({"signature": "AAAA"}, "BUNDLE_MALFORMED"),
        ({"signature": "AAAA", "assurance": 2, "session": ""}, "APPROVAL_INVALID"),
    ],
)
def test_an_approval_in_a_session_that_claims_more_is_refused(recorded: dict[str, Any], code: str) -> None:
    assert code_of(in_session(**recorded)) == code


def test_who_is_enrolled_with_no_such_identity_approved_nothing() -> None:
    told = in_session()
    told.events["bob"] = story().events["bob"]

    assert code_of(told) == "APPROVAL_INVALID"


def test_a_bundle_without_sessions_is_what_it_was() -> None:
    told = story()
    before = told.encoded()

    for name in ("bob", "alice"):
        principal = told.events[name].data["principal"]
        assert isinstance(principal, dict)
        assert "identities" not in principal
    assert "session" not in told.events["bob approves"].data
    assert verify_bundle(before, ROOT).approvers == (("person:alice", 2), ("person:bob", 2))
