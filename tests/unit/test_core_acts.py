"""What each core operation does, and what it refuses (protocol 5, 6 and 8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from placet.core.acts.activate_policy import POLICY_ARTIFACT
from placet.core.decide import Decision, load
from placet.core.entities.governance import (
    BOOTSTRAP,
    POLICY_IN_FORCE,
    kept_policy_key,
    principal_key,
    provider_key,
    read_bootstrap_key,
    read_policy_in_force,
    stored_principal,
    stored_provider,
)
from placet.core.entities.revocations import all_revocations, all_revocations_premises
from placet.core.entities.stored import entity_of, required
from placet.core.governed import Asked, ask
from placet.core.judgement import BOOTSTRAP_REQUESTER
from placet.core.lookup import denials_of, find_certificates, find_runs, list_runs, the_certificate
from placet.core.runs import Intent
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import format_instant
from placet.errors import DeniedError, InvalidInputError, NotFoundError
from support.governance import key_of
from support.installation import GOVERNING, PUBLISHING, TEAM
from support.intents import artifact
from support.world import World

NEXT_POLICY = (TEAM + PUBLISHING).replace('version = "v1"', 'version = "v2"').encode()
FREE = """\
[[rule]]
operations = ["register_package", "revoke_certificate", "issue_certificate"]
subjects = ["core:**"]
requesters = ["ci:**", "person:*"]
approvals = []
"""


def about(kind: OperationKind, name: str, version: str = "", **params: Value) -> Intent:
    return Intent(kind=kind, subject=Subject(provider="core", name=name, version=version, tag=""), params=params)


def performed(world: World, intent: Intent, contents: dict[str, bytes], requester: str = "person:alice") -> Asked:
    return world.run(ask(world.context, intent, requester=requester, contents=contents))


def activation(document: bytes, *, digest: str = "") -> Intent:
    policy = parse_policy(document)
    members = sorted({member for group in policy.groups.values() for member in group})
    return Intent(
        kind=OperationKind.ACTIVATE_POLICY,
        subject=Subject(provider="core", name="policy", version=policy.version, tag=""),
        params={"policy_digest": digest or policy.digest, "members": list[Value](members)},
        artifacts=(artifact(document, POLICY_ARTIFACT),),
    )


def policy_version(world: World) -> str:
    return read_policy_in_force(required(world.load(POLICY_IN_FORCE), POLICY_IN_FORCE, "policy")).version


def test_a_policy_is_replaced_and_the_one_before_it_kept() -> None:
    world = World()
    before = read_policy_in_force(required(world.load(POLICY_IN_FORCE), POLICY_IN_FORCE, "policy"))

    performed(world, activation(NEXT_POLICY), {POLICY_ARTIFACT: NEXT_POLICY})

    assert policy_version(world) == "v2"
    kept = kept_policy_key(before.digest)
    assert read_policy_in_force(required(world.load(kept), kept, "policy")) == before


def test_a_policy_that_is_activated_again_keeps_the_place_of_its_first_activation() -> None:
    world = World()
    document = NEXT_POLICY + GOVERNING.encode()
    key = kept_policy_key(parse_policy(document).digest)
    performed(world, activation(document), {POLICY_ARTIFACT: document})
    first = world.load(key).entities[key].revision

    performed(world, activation(document), {POLICY_ARTIFACT: document})

    assert world.load(key).entities[key].revision == first


def test_a_policy_other_than_the_planned_one_is_not_activated() -> None:
    world = World()

    with pytest.raises(DeniedError, match="PARAMS_MISMATCH"):
        performed(world, activation(NEXT_POLICY, digest="sha256:" + "0" * 64), {POLICY_ARTIFACT: NEXT_POLICY})

    assert policy_version(world) == "v1"


def test_the_first_policy_ends_the_bootstrap_key_that_activated_it() -> None:
    world = World()
    key = world.load(BOOTSTRAP)
    assert read_bootstrap_key(required(key, BOOTSTRAP, "key")).live

    performed(world, activation(NEXT_POLICY), {POLICY_ARTIFACT: NEXT_POLICY}, requester=BOOTSTRAP_REQUESTER)

    assert not read_bootstrap_key(required(world.load(BOOTSTRAP), BOOTSTRAP, "key")).live
    with pytest.raises(DeniedError, match="NO_RULE"):
        performed(world, activation(NEXT_POLICY), {POLICY_ARTIFACT: NEXT_POLICY}, requester=BOOTSTRAP_REQUESTER)


@pytest.mark.parametrize("stranger", ["person:nobody", "person:keyless"])
def test_the_bootstrap_key_activates_no_policy_that_nobody_could_change(stranger: str) -> None:
    world = World()
    world.enrol("person:keyless")
    document = NEXT_POLICY.replace(b"person:erin", stranger.encode())

    with pytest.raises(DeniedError, match="APPROVER_INELIGIBLE"):
        performed(world, activation(document), {POLICY_ARTIFACT: document}, requester=BOOTSTRAP_REQUESTER)

    assert policy_version(world) == "v1"


def enrolment(principal_id: str, *lines: str) -> Intent:
    return about(OperationKind.ENROL_PRINCIPAL, principal_id, public_keys=list[Value](lines), on_behalf_of="")


def test_a_principal_that_exists_gains_a_key_by_the_bootstrap_key_and_keeps_the_others() -> None:
    world = World()
    both = enrolment("person:alice", key_of("alice").line, key_of("alice", "ecdsa").line)

    performed(world, both, {}, requester=BOOTSTRAP_REQUESTER)

    alice = stored_principal(
        required(world.load(principal_key("person:alice")), principal_key("person:alice"), "person")
    )
    assert {key.key_id for key in alice.keys} == {key_of("alice", kind).public.key_id for kind in ("ed25519", "ecdsa")}


@pytest.mark.parametrize("requester", ["person:alice", BOOTSTRAP_REQUESTER])
def test_enrolling_the_same_key_again_is_refused(requester: str) -> None:
    with pytest.raises(InvalidInputError, match="PRINCIPAL_EXISTS"):
        performed(World(), enrolment("person:alice", key_of("alice").line), {}, requester=requester)


def test_who_may_enrol_does_not_thereby_give_an_approver_another_key() -> None:
    world = World()

    with pytest.raises(InvalidInputError, match="PRINCIPAL_EXISTS"):
        performed(world, enrolment("person:alice", key_of("mallory").line), {}, requester="person:bob")

    assert [key.key_id for key in world.principal("person:alice").keys] == [key_of("alice").public.key_id]


def test_a_provider_is_recorded_with_the_name_of_its_credential() -> None:
    world = World()
    record: dict[str, Value] = {"kind": "npm", "url": "https://npm.example.com", "credential": "env:T", "private": True}

    subject = Subject(provider="core", name="inner", version="", tag="")
    performed(world, Intent(kind=OperationKind.CHANGE_EXECUTOR, subject=subject, params=record), {})

    provider = stored_provider(required(world.load(provider_key("inner")), provider_key("inner"), "provider"))
    assert (provider.kind, provider.url, provider.credential, provider.private) == tuple(record.values())


def revocation(certificate_id: str, **params: Value) -> Intent:
    asked: dict[str, Value] = {"certificate_id": certificate_id, "reason": "key_compromise", **params}
    return about(OperationKind.REVOKE_CERTIFICATE, "@acme/tool", "1.0.0", **asked)


def test_a_certificate_is_revoked_once_and_the_first_time_stands() -> None:
    world = World(TEAM + FREE)
    certificate_id = world.certificate()
    since = world.clock.now() - timedelta(hours=1)

    performed(world, revocation(certificate_id, invalid_since=format_instant(since)), {})
    performed(world, revocation(certificate_id, reason="superseded"), {})

    revoked = world.run(the_certificate(world.context, certificate_id)).revocation
    assert revoked is not None
    assert (revoked.reason.value, revoked.invalid_since) == ("key_compromise", since)


def test_a_theft_that_is_found_later_makes_an_earlier_revocation_stricter() -> None:
    world = World(TEAM + FREE)
    certificate_id = world.certificate()
    since = world.clock.now() - timedelta(hours=1)

    performed(world, revocation(certificate_id, reason="superseded"), {})
    first = world.run(the_certificate(world.context, certificate_id)).revocation
    world.move(seconds=60)
    performed(world, revocation(certificate_id, invalid_since=format_instant(since)), {})
    (listed,) = all_revocations(world.run(load(world.context, all_revocations_premises)))

    assert first is not None
    assert (listed.reason.value, listed.invalid_since, listed.revoked_at) == ("key_compromise", since, first.revoked_at)


@pytest.mark.parametrize("reasons", [("superseded", "key_compromise"), ("key_compromise", "superseded")])
def test_that_a_key_was_stolen_is_never_unsaid(reasons: tuple[str, str]) -> None:
    world = World(TEAM + FREE)
    certificate_id = world.certificate()

    for hours, reason in enumerate(reasons):
        since = format_instant(world.clock.now() - timedelta(hours=hours))
        performed(world, revocation(certificate_id, reason=reason, invalid_since=since), {})

    (listed,) = all_revocations(world.run(load(world.context, all_revocations_premises)))
    assert (listed.reason.value, listed.invalid_since) == ("key_compromise", world.clock.now() - timedelta(hours=1))


def test_of_two_revocations_without_a_theft_the_one_that_makes_more_void_gives_the_reason() -> None:
    world = World(TEAM + FREE)
    certificate_id = world.certificate()
    since = world.clock.now() - timedelta(hours=1)

    performed(world, revocation(certificate_id, reason="superseded"), {})
    performed(world, revocation(certificate_id, reason="privilege_withdrawn", invalid_since=format_instant(since)), {})

    (listed,) = all_revocations(world.run(load(world.context, all_revocations_premises)))
    assert (listed.reason.value, listed.invalid_since) == ("privilege_withdrawn", since)


def test_a_theft_that_is_told_later_is_told_although_nothing_more_becomes_void() -> None:
    world = World(TEAM + FREE)
    certificate_id = world.certificate()

    performed(world, revocation(certificate_id, reason="superseded"), {})
    first = world.run(the_certificate(world.context, certificate_id)).revocation
    world.move(seconds=60)
    performed(world, revocation(certificate_id), {})
    (listed,) = all_revocations(world.run(load(world.context, all_revocations_premises)))

    assert first is not None
    assert (listed.reason.value, listed.invalid_since) == ("key_compromise", first.invalid_since)


def test_a_revocation_without_a_time_counts_from_now() -> None:
    world = World(TEAM + FREE)
    certificate_id = world.certificate()

    performed(world, revocation(certificate_id), {})

    revoked = world.run(the_certificate(world.context, certificate_id)).revocation
    assert revoked is not None
    assert revoked.invalid_since == revoked.revoked_at


@pytest.mark.parametrize("certificate_id", ["CERT-PKG-20260101-001", 7])
def test_what_is_no_certificate_is_not_revoked(certificate_id: Value) -> None:
    world = World(TEAM + FREE)

    with pytest.raises(NotFoundError, match="NOT_FOUND"):
        performed(world, about(OperationKind.REVOKE_CERTIFICATE, "@acme/tool", certificate_id=certificate_id), {})


def test_runs_certificates_and_denials_are_found_by_exactly_what_they_are_about() -> None:
    world = World()
    certificate_id = world.certificate()
    world.clock.move(seconds=1)
    other = world.plan(subject="@acme/tool@1.0.0-rc.1")
    with pytest.raises(DeniedError):
        world.issue(other)

    assert [run.subject for run in world.run(find_runs(world.context, "@acme/tool@1.0.0"))] == ["@acme/tool@1.0.0"]
    assert [run.run_id for run in world.run(list_runs(world.context, limit=1))] == [other.run_id]
    for asked in ("", "@acme/tool", "@acme/tool@1.0.0"):
        assert [each.certificate_id for each in world.run(find_certificates(world.context, asked))] == [certificate_id]
    assert world.run(find_certificates(world.context, "@acme/too")) == []
    assert [each.code for each in world.run(denials_of(world.context, other.run_id))] == ["APPROVALS_MISSING"]


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_list_of_certificates_has_all_of_them_however_many_are_read_at_once(page: int) -> None:
    world = World()
    issued = [world.certificate() for _ in range(3)]

    for asked in ("", "@acme/tool", "@acme/tool@1.0.0"):
        found = world.run(find_certificates(world.context, asked, page=page))
        assert [each.certificate_id for each in found] == issued


def test_a_trial_has_no_bootstrap_key_and_gets_none_with_a_policy() -> None:
    world = World()
    world.commit(
        Decision(type="bootstrap_key.removed", actor="service:test", subject="", data={}, writes={BOOTSTRAP: None})
    )

    performed(world, activation(NEXT_POLICY), {POLICY_ARTIFACT: NEXT_POLICY})

    assert entity_of(world.load(BOOTSTRAP), BOOTSTRAP) is None
