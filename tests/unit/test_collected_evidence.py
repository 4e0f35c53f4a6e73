"""What the Core records is what the verifier needs: a real run's bundle is verified, and stays so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from placet.core.abandon import revoke_unpublished
from placet.core.decide import Decision
from placet.core.entities.governance import (
    POLICY_IN_FORCE,
    PolicyInForce,
    kept_policy_key,
    principal_key,
    principal_object,
)
from placet.core.entities.runs import Run
from placet.core.governed import ask
from placet.core.lookup import find_runs
from placet.core.runs import Intent, stored_plan
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal, PrincipalKey, checked
from placet.domain.encoding.canonical import Value
from placet.domain.log.checkpoint import CheckpointKey
from placet.domain.log.decision_records import PolicyActivated, PrincipalEnrolled
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import OperationKind, OutcomeStatus
from placet.domain.verification.trust_root import Log, TrustRoot
from placet.domain.verification.verdict import Verdict
from placet.domain.verification.verifier import Held, verify_bundle
from placet.errors import ApprovalsPendingError, DeniedError, EffectError, VerificationError
from placet.usecases.collect_evidence import collect_evidence
from placet.usecases.publish_package import PublishRequest, publish_package
from support.archives import manifest, member, package_json, tgz
from support.authority import authority
from support.governance import key_of
from support.installation import POLICY, REQUESTER
from support.ledgers import SIGNER, InMemory
from support.soft_keys import SoftKey
from support.world import World

ARCHIVE = tgz(package_json(manifest("@acme/tool", "1.0.0")), member("package/index.js", b"1\n"))
GLASS = POLICY.replace('version = "v1"', 'version = "v1"\n[break_glass]\ngroup = "security"\n', 1)
TWO_APPROVALS = POLICY.replace("count = 1", "count = 2")


def world_of(policy: str = TWO_APPROVALS) -> World:
    """Return an installation whose people and policy stand in the ledger as the Core writes them."""
    world = World(policy)
    for principal_id, keys in ((REQUESTER, ()), ("person:alice", (key_of("alice"),)), ("person:bob", (key_of("bob"),))):
        enrol(world, principal_id, *keys)
    activate(world, policy)
    return world


def enrol(world: World, principal_id: str, *keys: SoftKey) -> None:
    at = world.clock.now()
    held = tuple(PrincipalKey(public_key=key.public, enrolled_at=at) for key in keys)
    keep(world, checked(Principal(principal_id=principal_id, on_behalf_of="", keys=held, enrolled_at=at)))


def keep(world: World, principal: Principal) -> None:
    record = PrincipalEnrolled(principal=principal.to_object(), receipt={})
    written = {principal_key(principal.principal_id): principal_object(principal)}
    commit(world, "principal.enrolled", record.to_object(), written)


def activate(world: World, document: str) -> None:
    policy = parse_policy(document.encode())
    kept = PolicyInForce(
        document=document.encode(), digest=policy.digest, version=policy.version, activated_at=world.clock.now()
    ).to_object()
    record = PolicyActivated(policy_digest=policy.digest, policy_version=policy.version, receipt={})
    commit(world, "policy.activated", record.to_object(), {POLICY_IN_FORCE: kept, kept_policy_key(policy.digest): kept})


def commit(world: World, kind: str, data: Any, writes: Any) -> None:
    world.commit(Decision(type=kind, actor="service:test", subject="", data=data, writes=writes))


def publish(world: World) -> Run:
    request = PublishRequest(tgz=ARCHIVE, requester=REQUESTER, to=("npm", "files"))
    return world.run(publish_package(world.context, request, progress=lambda *_: None)).run


def published(world: World) -> Run:
    """Return the run after alice and bob approved what was asked for."""
    with pytest.raises(ApprovalsPendingError):
        publish(world)
    world.approved(pending_plan(world), "alice", "bob")
    return publish(world)


def pending_plan(world: World) -> Plan:
    (run,) = world.run(find_runs(world.context, "@acme/tool@1.0.0"))
    return world.run(stored_plan(world.context, run.run_id, run.plans))


def trust_root(world: World) -> TrustRoot:
    origin = world.context.issuer
    key = CheckpointKey(origin=origin, public_key=SIGNER.public_key)
    return TrustRoot(log=Log(origin=origin, checkpoint_keys=(key,)), ca_roots=tuple(authority().roots))


def verified(world: World, run: Run, held: Held | None = None) -> Verdict:
    bundle = world.run(collect_evidence(world.context, run.run_id))
    return verify_bundle(bundle, trust_root(world), held or Held())


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
