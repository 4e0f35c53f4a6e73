"""What the Core records is what the verifier needs: a real run's bundle is verified, and stays so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.core.abandon import revoke_unpublished
from placet.core.entities.runs import Run
from placet.core.governed import ask
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.principal import PrincipalKey
from placet.domain.encoding.canonical import Value
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import OperationKind, OutcomeStatus
from placet.domain.verification.verdict import Verdict
from placet.domain.verification.verifier import Held
from placet.errors import ApprovalsPendingError, DeniedError, EffectError, VerificationError
from placet.usecases.collect_evidence import collect_evidence
from support.governance import key_of
from support.installation import POLICY, REQUESTER
from support.ledgers import InMemory
from support.recorded import activate, enrol, keep, pending_plan, publish, verified
from support.world import World

GLASS = POLICY.replace('version = "v1"', 'version = "v1"\n[break_glass]\ngroup = "security"\n', 1)
TWO_APPROVALS = POLICY.replace("count = 1", "count = 2")


def world_of(policy: str = TWO_APPROVALS) -> World:
    """Return an installation whose people and policy stand in the ledger as the Core writes them."""
    world = World(policy)
    for principal_id, keys in ((REQUESTER, ()), ("person:alice", (key_of("alice"),)), ("person:bob", (key_of("bob"),))):
        enrol(world, principal_id, *keys)
    activate(world, policy)
    return world


def published(world: World) -> Run:
    """Return the run after alice and bob approved what was asked for."""
    with pytest.raises(ApprovalsPendingError):
        publish(world)
    world.approved(pending_plan(world), "alice", "bob")
    return publish(world)


def test_the_evidence_of_a_real_run_is_verified_down_to_the_archive() -> None:
    world = world_of()
    run = published(world)
    sent = next(each for each in world.double.sent if each.operation.operation_kind == "publish_package")
    verdict = verified(world, run, Held(tgz=next(iter(sent.contents.values()))))

    assert (verdict.package, verdict.version, verdict.run_id) == ("@acme/tool", "1.0.0", run.run_id)
    assert verdict.approvers == (("person:alice", 2), ("person:bob", 2))
    assert len(verdict.receipts) == 4


def test_it_stays_verified_whatever_happens_afterwards() -> None:
    world = world_of()
    run = published(world)
    world.move(days=30)
    alice = world.principal("person:alice").with_key(
        PrincipalKey(public_key=key_of("mallory").public, enrolled_at=world.clock.now())
    )
    keep(world, alice.with_key_revoked(key_of("alice").public.key_id, world.clock.now()))
    activate(world, POLICY.replace('"v1"', '"v2"'))

    assert verified(world, run).policy_version == "v1"


def test_a_key_exchanged_and_an_approver_disabled_by_governed_acts_leave_it_verified() -> None:
    world = world_of()
    run = published(world)
    world.move(days=30)
    changes: list[tuple[OperationKind, str, dict[str, Value]]] = [
        (OperationKind.CHANGE_APPROVER_KEY, "person:alice", {"remove": [key_of("alice").public.key_id]}),
        (OperationKind.CHANGE_ROLE, "person:bob", {"state": "disabled", "on_behalf_of": ""}),
    ]
    for kind, name, params in changes:
        subject = Subject(provider="core", name=name, version="", tag="")
        intent = Intent(kind=kind, subject=subject, params=params)
        world.run(ask(world.context, intent, requester="person:carol", contents={}))

    assert verified(world, run).approvers == (("person:alice", 2), ("person:bob", 2))


def test_what_was_published_under_break_glass_says_so_for_ever() -> None:
    world = world_of(GLASS)
    for name in ("dave", "erin"):
        enrol(world, f"person:{name}", key_of(name))
    world.freeze()
    with pytest.raises(DeniedError, match="FROZEN"):
        publish(world)
    world.breaks(pending_plan(world), waives=("approvals", "freeze"), why="the leak is being used")
    run = publish(world)
    world.review(pending_plan(world), "carol")

    verdict = verified(world, run)

    assert verdict.glass is not None
    assert verdict.glass.waives == {"approvals", "freeze"}
    assert verdict.glass.justification == sha256(b"the leak is being used")
    assert verdict.approvers == (("person:dave", 2), ("person:erin", 2))
    assert verified_ordinarily().glass is None


def verified_ordinarily() -> Verdict:
    world = world_of()
    return verified(world, published(world))


def test_a_certificate_revoked_later_leaves_the_publication_standing() -> None:
    world = world_of()
    run = published(world)
    world.move(days=1)
    world.run(revoke_unpublished(world.context, run.certificate_id))
    verdict = verified(world, run)

    assert verdict.revocation is not None
    assert verdict.revocation.invalid_since >= verdict.published_at + timedelta(hours=23)


def test_a_revocation_is_in_the_evidence_without_any_index() -> None:
    world = world_of()
    run = published(world)
    world.move(days=1)
    world.run(revoke_unpublished(world.context, run.certificate_id))
    assert isinstance(world.home, InMemory)
    assert world.home.tables is not None
    world.home.tables.index.clear()

    assert verified(world, run).revocation is not None


def test_there_is_no_evidence_of_what_only_waits_for_approval() -> None:
    world = world_of()
    with pytest.raises(ApprovalsPendingError):
        publish(world)

    with pytest.raises(VerificationError) as refused:
        world.run(collect_evidence(world.context, pending_plan(world).run_id))
    assert refused.value.code == "NOT_PUBLISHED"


def test_there_is_no_evidence_of_what_is_in_doubt() -> None:
    world = world_of()
    with pytest.raises(ApprovalsPendingError):
        publish(world)
    plan = world.approved(pending_plan(world), "alice", "bob")
    world.double.answers = OutcomeStatus.INDETERMINATE

    with pytest.raises(EffectError):
        publish(world)
    with pytest.raises(VerificationError) as refused:
        world.run(collect_evidence(world.context, plan.run_id))
    assert refused.value.code == "NOT_PUBLISHED"
