"""Publications by the real Core, whose people and policy stand in the ledger as it writes them; and their evidence."""

from __future__ import annotations

from typing import Any

from placet.core.decide import Decision
from placet.core.entities.governance import (
    POLICY_IN_FORCE,
    PolicyInForce,
    kept_policy_key,
    principal_key,
    principal_object,
)
from placet.core.entities.runs import Run
from placet.core.lookup import find_runs
from placet.core.runs import stored_plan
from placet.domain.authorization.plan import Plan
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal, PrincipalKey, checked
from placet.domain.log.checkpoint import CheckpointKey
from placet.domain.log.decision_records import PolicyActivated, PrincipalEnrolled
from placet.domain.package.publish_request import PublishRequest
from placet.domain.verification.trust_root import Log, TrustRoot
from placet.domain.verification.verdict import Verdict
from placet.domain.verification.verifier import Held, verify_bundle
from placet.usecases.collect_evidence import collect_evidence
from placet.usecases.publish_package import publish_package
from support.archives import manifest, member, package_json, tgz
from support.authority import authority
from support.installation import REQUESTER
from support.ledgers import SIGNER
from support.soft_keys import SoftKey
from support.world import World

ARCHIVE = tgz(package_json(manifest("@acme/tool", "1.0.0")), member("package/index.js", b"1\n"))


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
