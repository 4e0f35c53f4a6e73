"""The verifier names what fails first, whatever a log was made to say (protocol 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from placet.domain.authorization.approval import ApprovalDecision
from placet.domain.authorization.policy_document import policy_digest
from placet.domain.certificate.authority import LEAF_VALIDITY
from placet.domain.certificate.revocation import Revocation, RevocationReason
from placet.domain.encoding.dsse import parse_envelope
from placet.domain.encoding.pem import certificate_der
from placet.domain.log.checkpoint import sign_checkpoint
from placet.domain.values.kinds import Mode, OperationKind
from placet.domain.verification.bundle import Bundle
from placet.domain.verification.revocation_list import sign_revocations
from placet.domain.verification.statement import open_publication, sign_publication
from placet.domain.verification.trust_root import Log
from placet.domain.verification.verdict import STEPS, VerdictError
from placet.domain.verification.verifier import NOTHING, Held, verify_bundle
from support.authority import NOW, authority, private_key
from support.ledgers import LOG_KEY, ORIGIN, OTHER_SIGNER
from support.publication import (
    POLICY,
    START,
    Event,
    Story,
    approval_event,
    approval_of,
    enrolment,
    honest,
    logged,
    person_key,
    story,
    trust_root,
)

ROOT = trust_root()
ID = "CERT-PKG-20260102-001"
PUBLISHED_AT = START + timedelta(seconds=5 + 14)


def refused(bundle: Bundle | bytes, held: Held = NOTHING, **options: Any) -> VerdictError:
    encoded = bundle if isinstance(bundle, bytes) else bundle.encode()
    with pytest.raises(VerdictError) as caught:
        verify_bundle(encoded, options.pop("root", ROOT), held, **options)
    return caught.value


def code_of(told: Story, **options: Any) -> str:
    return refused(told.bundle(), **options).code


# What is proven.


def test_a_verdict_says_what_was_published_and_as_of_when() -> None:
    verdict = verify_bundle(honest(), ROOT)

    assert (verdict.package, verdict.version, verdict.certificate_id) == ("@acme/tool", "1.0.0", ID)
    assert verdict.approvers == (("person:alice", 2), ("person:bob", 2))
    assert (verdict.origin, verdict.size, verdict.published_at) == (ORIGIN, 25, PUBLISHED_AT)
    assert verdict.revocations_known_to == START + timedelta(seconds=24)
    assert len(verdict.receipts) == 3
    assert verdict.revocation is None
    assert set(verdict.steps.values()) == {"pass"}


def test_a_refusal_says_which_step_failed_and_what_was_not_looked_at() -> None:
    told = story().without("publish executed")
    error = refused(told.bundle())

    assert error.step == 5
    assert list(error.steps) == list(STEPS.values())
    assert list(error.steps.values()) == ["pass"] * 4 + ["fail"] + ["not_evaluated"] * 6


def test_an_entry_with_detached_data_proves_as_much() -> None:
    told = story()
    told.events["certificate"].detached = True

    assert verify_bundle(told.encoded(), ROOT).certificate_id == ID


def test_a_package_verifies_for_ever_not_for_a_year() -> None:
    assert verify_bundle(honest(), ROOT, known_since=START).published_at < NOW + LEAF_VALIDITY


# 1 to 4: form, checkpoint, inclusion, revocations.


@pytest.mark.parametrize("encoded", [b"", b"{}", b"\xff", honest()[:-1], honest() + b"\n"])
def test_what_is_no_bundle_is_malformed(encoded: bytes) -> None:
    assert refused(encoded).code == "BUNDLE_MALFORMED"


def test_a_bundle_of_another_log_is_refused() -> None:
    other = replace(ROOT, log=Log(origin="other", checkpoint_keys=(replace(LOG_KEY, origin="other"),)))

    assert refused(honest(), root=other).code == "ISSUER_MISMATCH"


def test_a_checkpoint_signed_by_another_key_is_refused() -> None:
    checkpoint = logged(story().events, 5).checkpoint()
    bundle = replace(story().bundle(), checkpoint=sign_checkpoint(checkpoint, OTHER_SIGNER))

    assert refused(bundle).code == "CHECKPOINT_INVALID"


def test_an_entry_that_is_not_in_the_log_is_refused() -> None:
    bundle = story().bundle()
    first = bundle.entries[0]
    forged = replace(first, entry=first.entry.replace(b'"seq":5', b'"seq":4'))

    assert refused(replace(bundle, entries=(forged, *bundle.entries[1:]))).code == "PROOF_INVALID"


def test_entries_out_of_order_are_malformed() -> None:
    bundle = story().bundle()

    assert refused(replace(bundle, entries=bundle.entries[::-1])).code == "BUNDLE_MALFORMED"


def test_detached_data_must_be_the_entrys() -> None:
    told = story()
    told.events["certificate"].detached = True
    bundle = told.bundle()
    entries = [replace(each, data=each.data.replace(b"{", b" {")) for each in bundle.entries]

    assert "missing or other data" in refused(replace(bundle, entries=tuple(entries))).message


def test_data_beside_an_entry_that_holds_its_own_is_refused() -> None:
    bundle = story().bundle()
    first = replace(bundle.entries[0], data=b"{}")

    assert "has no detached data" in refused(replace(bundle, entries=(first, *bundle.entries[1:]))).message


def test_a_revocation_list_as_of_another_size_is_stale() -> None:
    older = replace(story(), noise=4).bundle()

    assert refused(replace(story().bundle(), revocations=older.revocations)).code == "REVOCATION_STALE"


def test_a_revocation_list_that_another_key_signed_is_refused() -> None:
    checkpoint = logged(story().events, 5).checkpoint()
    forged = sign_revocations(checkpoint, [], OTHER_SIGNER, known_to=START).encode()

    assert refused(replace(story().bundle(), revocations=forged)).code == "BUNDLE_MALFORMED"


def test_revocations_that_are_not_new_enough_are_stale() -> None:
    since = START + timedelta(seconds=24, milliseconds=1)

    assert refused(honest(), known_since=since).code == "REVOCATION_STALE"
    assert verify_bundle(honest(), ROOT, known_since=since - timedelta(milliseconds=1)).size == 25


# 5: the executed receipt.


@pytest.mark.parametrize("missing", ["publish executed", "publish reserved", "publish issued"])
def test_without_an_executed_receipt_nothing_was_published(missing: str) -> None:
    assert code_of(story().without(missing)) == "NOT_PUBLISHED"


def test_certificate_and_signature_alone_are_not_published() -> None:
    told = story()
    told.plans = told.plans[:1]
    only = {"policy", "requester", "certification planned", "certificate"}

    assert code_of(told.without(*(set(told.events) - only))) == "NOT_PUBLISHED"


@pytest.mark.parametrize(
    "members",
    [
        {"status": "failed"},
        {"status": "indeterminate"},
        {"status": "conflict"},
        {"source": "reported"},
        {"operation_kind": "put_object"},
        {"artifacts": []},
        {"operation_digest": "sha256:" + "0" * 64},
        {"operation_id": "run_01ARZ3NDEKTSV4RRFFQ69G5FAV/2/3"},
    ],
)
def test_another_outcome_is_no_publication(members: dict[str, Any]) -> None:
    assert code_of(story().change("publish executed", **members)) == "NOT_PUBLISHED"


@pytest.mark.parametrize("kind", ["receipt.executed", "receipt.failed", "package.deprecated"])
def test_an_outcome_of_another_type_is_no_publication(kind: str) -> None:
    told = story()
    told.events["publish executed"].type = kind

    assert code_of(told) == "NOT_PUBLISHED"


@pytest.mark.parametrize("missing", ["put executed", "put reserved", "put issued"])
def test_what_stands_before_the_publication_must_be_proven_too(missing: str) -> None:
    assert code_of(story().without(missing)) == "EVIDENCE_MISSING"


@pytest.mark.parametrize("missing", ["certification planned", "publication planned"])
def test_a_plan_that_was_not_recorded_proves_nothing(missing: str) -> None:
    assert code_of(story().without(missing)) == "EVIDENCE_MISSING"


@pytest.mark.parametrize("members", [{"run_id": "run_other"}, {"policy_digest": "sha256:" + "0" * 64}])
def test_a_plan_is_what_its_entry_says(members: dict[str, Any]) -> None:
    assert code_of(story().change("publication planned", **members)) == "PLAN_MISMATCH"


def with_plan(number: int, change: Callable[[Any], Any]) -> Story:
    """Return a story whose plan is another, recorded as such; nothing else follows it."""
    told = story()
    told.plans[number] = change(told.plans[number])
    name = ("certification planned", "publication planned")[number]
    return told.change(name, plan_digest=told.plans[number].digest(), run_id=told.plans[number].run_id)


def test_a_plan_of_another_run_is_refused() -> None:
    other = "run_01ARZ3NDEKTSV4RRFFQ69G5FAX"
    told = with_plan(0, lambda plan: replace(plan, run_id=other, operations=(in_run(plan.operations[0], other),)))

    assert code_of(told) == "PLAN_MISMATCH"


def in_run(operation: Any, run_id: str) -> Any:
    return replace(operation, operation_id=f"{run_id}/1/1")


def test_a_plan_of_a_dry_run_is_refused() -> None:
    assert code_of(with_plan(1, lambda plan: replace(plan, mode=Mode.DRY_RUN))) == "MODE_NOT_PROD"


def test_a_plan_of_another_log_is_refused() -> None:
    assert code_of(with_plan(1, lambda plan: replace(plan, issuer="other"))) == "ISSUER_MISMATCH"


def test_plans_in_the_other_order_are_refused() -> None:
    assert code_of(story().move("publication planned", before="certification planned")) == "PLAN_MISMATCH"


@pytest.mark.parametrize("kinds", [[OperationKind.PUT_OBJECT], [OperationKind.PUBLISH_PACKAGE] * 2])
def test_a_plan_publishes_one_package(kinds: list[OperationKind]) -> None:
    def change(plan: Any) -> Any:
        steps = [
            replace(plan.operations[1], operation_kind=kind, operation_id=f"{plan.run_id}/2/{step}")
            for step, kind in enumerate(kinds, 1)
        ]
        return replace(plan, operations=tuple(steps))

    assert code_of(with_plan(1, change)) == "NOT_PUBLISHED"


@pytest.mark.parametrize(
    ("entry", "before"),
    [
        ("publish executed", "publish reserved"),
        ("publish reserved", "publish issued"),
        ("publish issued", "publication planned"),
    ],
)
def test_a_receipt_goes_its_way_in_order(entry: str, before: str) -> None:
    assert code_of(story().move(entry, before=before)) == "BUNDLE_MALFORMED"


@pytest.mark.parametrize(
    ("entry", "members"),
    [
        ("publish reserved", {"attempt": 2}),
        ("publish executed", {"attempt": 2}),
        ("publish reserved", {"operation_id": "run_01ARZ3NDEKTSV4RRFFQ69G5FAV/2/1"}),
    ],
)
def test_a_receipt_is_spent_on_one_attempt_of_one_operation(entry: str, members: dict[str, Any]) -> None:
    assert code_of(story().change(entry, **members)) == "OPERATION_MISMATCH"


def lifetime(expires_at: str) -> dict[str, str]:
    begin = "2026-01-02T03:10:00.000Z"
    return {"issued_at": begin, "not_before": begin, "expires_at": expires_at}


def test_a_receipt_spent_after_it_had_expired_proves_nothing() -> None:
    told = story().change_receipt("publish issued", **lifetime("2026-01-02T03:10:17.000Z"))

    assert code_of(told) == "RECEIPT_EXPIRED"


def test_two_entries_may_not_prove_the_same_thing() -> None:
    told = story()
    told.events["again"] = told.events["publish executed"]

    assert "prove the same thing" in refused(told.bundle()).message


# 6: the certificate.


def test_a_certificate_that_the_log_did_not_issue_proves_nothing() -> None:
    assert code_of(story().without("certificate")) == "EVIDENCE_MISSING"


@pytest.mark.parametrize("member", ["fingerprint", "issuer_fingerprint"])
def test_another_certificate_than_the_log_issued_is_untrusted(member: str) -> None:
    assert code_of(story().change("certificate", **{member: "sha256:" + "0" * 64})) == "CERTIFICATE_UNTRUSTED"


def test_a_certificate_under_a_root_that_is_not_trusted_is_untrusted() -> None:
    assert refused(honest(), root=replace(ROOT, ca_roots=())).code == "CERTIFICATE_UNTRUSTED"


def test_what_is_no_certificate_is_malformed() -> None:
    assert refused(replace(story().bundle(), leaf=b"")).code == "BUNDLE_MALFORMED"


def test_a_certificate_judged_before_its_time_is_not_yet_valid() -> None:
    late = authority().leaf(now=START + timedelta(days=1))

    assert refused(replace(story().bundle(), leaf=certificate_der(late))).code == "CERTIFICATE_NOT_YET_VALID"


def test_a_certificate_that_had_ended_when_the_receipt_was_executed_is_expired() -> None:
    made = authority()
    ended = made.leaf(now=made.intermediate.certificate.not_valid_before_utc - LEAF_VALIDITY)

    assert refused(replace(story().bundle(), leaf=certificate_der(ended))).code == "CERTIFICATE_EXPIRED"


def test_a_certificate_of_another_id_than_planned_is_refused() -> None:
    def change(plan: Any) -> Any:
        put, publish, register = plan.operations
        return replace(plan, operations=(put, replace(publish, certificate_id="CERT-PKG-20260102-009"), register))

    assert code_of(with_plan(1, change)) == "CERTIFICATE_SUBJECT_MISMATCH"


@pytest.mark.parametrize(
    ("entry", "before"), [("certificate", "certification planned"), ("publication planned", "certificate")]
)
def test_a_certificate_is_issued_between_its_plan_and_the_next(entry: str, before: str) -> None:
    assert code_of(story().move(entry, before=before)) in {"BUNDLE_MALFORMED", "PLAN_MISMATCH"}


@pytest.mark.parametrize("operation_id", ["run_01ARZ3NDEKTSV4RRFFQ69G5FAV/1/2", "run_01ARZ3NDEKTSV4RRFFQ69G5FAV/2/1"])
def test_a_certificates_receipt_is_for_issuing_it(operation_id: str) -> None:
    assert code_of(story().change_receipt("certificate", operation_id=operation_id)) == "OPERATION_MISMATCH"


def test_a_certificates_receipt_is_spent_in_time() -> None:
    told = story().change_receipt("certificate", **lifetime("2026-01-02T03:10:10.000Z"))

    assert code_of(told) == "RECEIPT_EXPIRED"


@pytest.mark.parametrize(
    "params",
    [{"tar_sha256": "cd" * 32}, {"key_origin": "server"}, {"public_key_digest": "sha256:" + "0" * 64}],
)
def test_a_certificate_is_what_its_plan_asked_for(params: dict[str, str]) -> None:
    def change(plan: Any) -> Any:
        (operation,) = plan.operations
        return replace(plan, operations=(replace(operation, params={**operation.params, **params}),))

    assert code_of(with_plan(0, change)) == "CERTIFICATE_SUBJECT_MISMATCH"


# 7 and 8: statement and bytes.


def test_a_statement_signed_by_another_key_is_refused() -> None:
    told = story()
    key = authority().leaf_key.public_key()
    publication = open_publication(parse_envelope(told.statement), key, certificate_id=ID)
    told.statement = sign_publication(publication, private_key("stranger")).encode()

    assert code_of(told) == "SIGNATURE_INVALID"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": "1.0.1"}, "SUBJECT_MISMATCH"),
        ({"package": "@acme/other"}, "SUBJECT_MISMATCH"),
        ({"tar_sha256": "cd" * 32}, "CERTIFICATE_SUBJECT_MISMATCH"),
        ({"sha256": "cd" * 32}, "DIGEST_MISMATCH"),
        ({"sha512": "cd" * 64}, "DIGEST_MISMATCH"),
    ],
)
def test_a_statement_about_something_else_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code_of(story(**changes)) == code


def test_a_statement_that_the_plan_does_not_register_is_refused() -> None:
    told = story()
    told.statement = story(stamp_rule=2).statement

    assert code_of(told) == "DIGEST_MISMATCH"


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (Held(package="@acme/other"), "SUBJECT_MISMATCH"),
        (Held(version="1.0.1"), "SUBJECT_MISMATCH"),
        (Held(sha256="cd" * 32), "DIGEST_MISMATCH"),
        (Held(sha512="cd" * 64), "DIGEST_MISMATCH"),
        (Held(tgz=b"other bytes"), "DIGEST_MISMATCH"),
        (Held(tgz=story().tgz), "ARTIFACT_UNSAFE"),
    ],
)
def test_what_the_consumer_holds_must_be_what_was_published(held: Held, code: str) -> None:
    assert refused(honest(), held).code == code


def test_a_consumer_who_knows_name_and_digests_is_told_that_they_are_right() -> None:
    verdict = verify_bundle(honest(), ROOT)
    held = Held(package="@acme/tool", version="1.0.0", sha256=verdict.sha256, sha512=verdict.sha512)

    assert verify_bundle(honest(), ROOT, held) == verdict


# 9: policy, approvals, receipts.


@pytest.mark.parametrize("entry", ["put issued", "publish issued", "certificate"])
@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"enforceable": False}, "RECEIPT_NOT_ENFORCEABLE"),
        ({"reasons": ["NO_RULE"]}, "RECEIPT_NOT_ENFORCEABLE"),
        ({"mode": "dry_run"}, "RECEIPT_MODE_MISMATCH"),
        ({"issuer": "other"}, "ISSUER_MISMATCH"),
        ({"run_id": "run_01ARZ3NDEKTSV4RRFFQ69G5FAX"}, "RUN_MISMATCH"),
        ({"plan_digest": "sha256:" + "0" * 64}, "PLAN_MISMATCH"),
        ({"operation_kind": "revoke_certificate"}, "OPERATION_MISMATCH"),
        ({"operation_digest": "sha256:" + "0" * 64}, "OPERATION_MISMATCH"),
        ({"certificate_id": "CERT-PKG-20260102-009"}, "OPERATION_MISMATCH"),
        ({"audience": "elsewhere"}, "AUDIENCE_MISMATCH"),
        ({"subject": {"name": "@acme/x", "provider": "npm", "tag": "", "version": "1.0.0"}}, "SUBJECT_MISMATCH"),
        ({"approvers": ["person:carol"]}, "APPROVALS_MISMATCH"),
        ({"approvals_digest": "sha256:" + "0" * 64}, "APPROVALS_MISMATCH"),
        ({"policy_version": "v9"}, "APPROVALS_MISMATCH"),
        ({"policy_digest": "sha256:" + "0" * 64}, "BUNDLE_MALFORMED"),
        ({"attempt": 0}, "BUNDLE_MALFORMED"),
    ],
)
def test_a_receipt_authorises_this_and_nothing_else(entry: str, members: dict[str, Any], code: str) -> None:
    assert code_of(story().change_receipt(entry, **members)) == code


@pytest.mark.parametrize("missing", ["alice approves", "bob approves"])
def test_a_missing_approval_is_missed(missing: str) -> None:
    enrolled = missing.partition(" ")[0]

    assert code_of(story().without(missing, enrolled)) == "APPROVALS_MISSING"


def test_an_approval_that_came_after_the_receipt_does_not_count() -> None:
    assert code_of(story().move("bob approves", before="publish executed")) == "APPROVALS_MISSING"


@pytest.mark.parametrize("missing", ["requester", "alice", "bob"])
def test_everybody_who_had_a_part_is_enrolled(missing: str) -> None:
    assert code_of(story().without(missing)) == "EVIDENCE_MISSING"


def test_the_policy_was_in_force() -> None:
    assert code_of(story().without("policy")) == "EVIDENCE_MISSING"


@pytest.mark.parametrize("before", ["publication planned", "certificate", "publish issued"])
def test_a_policy_that_came_into_force_after_its_use_proves_nothing(before: str) -> None:
    assert code_of(story().move("policy", before=before)) == "EVIDENCE_MISSING"


def test_a_policy_that_allows_less_refuses() -> None:
    told = with_policy(POLICY.replace(b"count = 2", b"count = 3"))

    assert code_of(told) == "APPROVALS_MISSING"


def test_a_policy_without_a_rule_refuses() -> None:
    assert code_of(with_policy(POLICY.replace(b"npm:@acme/*", b"npm:@other/*"))) == "NO_RULE"


def with_policy(document: bytes) -> Story:
    """Return a story whose receipts name another policy, which came into force too."""
    told = story()
    told.policies.append(document)
    told.change_receipt("publish issued", policy_digest=policy_digest(document))
    activated = {**told.events["policy"].data, "policy_digest": policy_digest(document)}
    told.events = {"other policy": Event("policy.activated", activated), **told.events}
    return told


def test_a_receipt_under_a_newer_policy_than_its_plans_is_judged_by_that() -> None:
    assert verify_bundle(with_policy(POLICY + b"\n").encoded(), ROOT).policy_version == "v1.0"


def test_a_policy_that_nothing_names_is_refused() -> None:
    told = story()
    told.policies.append(POLICY + b"\n")

    assert code_of(told) == "BUNDLE_MALFORMED"


def test_a_policy_that_is_none_is_malformed() -> None:
    told = story()
    told.policies = [b"version = 1"]

    assert code_of(told) == "BUNDLE_MALFORMED"


def with_approval(**changes: Any) -> Story:
    """Return a story in which bob signs something else."""
    told = story()
    approval = approval_of(told.plans[1], "bob", **changes)
    told.events["bob approves"] = approval_event(approval, person_key("bob"), second=11)
    return told


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": "other"}, "APPROVAL_INVALID"),
        ({"run_id": "run_01ARZ3NDEKTSV4RRFFQ69G5FAX"}, "APPROVAL_INVALID"),
        ({"shown_digest": "sha256:" + "0" * 64}, "APPROVAL_INVALID"),
        ({"plan_digest": "sha256:" + "0" * 64}, "BUNDLE_MALFORMED"),
        ({"expires_at": START + timedelta(seconds=11)}, "APPROVAL_INVALID"),
        ({"decision": ApprovalDecision.DENY}, "DENIED_BY_APPROVER"),
        ({"group": "security"}, "APPROVALS_MISSING"),
        ({"approver": "person:alice"}, "APPROVAL_INVALID"),
        ({"approver": "person:carol"}, "EVIDENCE_MISSING"),
    ],
)
def test_an_approval_of_something_else_does_not_count(changes: dict[str, Any], code: str) -> None:
    assert code_of(with_approval(**changes)) == code


def test_an_approval_signed_with_a_key_that_is_not_enrolled_is_invalid() -> None:
    told = story()
    told.events["bob"] = enrolment("person:bob", person_key("carol"))

    assert code_of(told) == "APPROVAL_INVALID"


def test_an_approval_whose_signature_does_not_hold_is_invalid() -> None:
    told = story()
    told.change("bob approves", signature=told.events["alice approves"].data["signature"])

    assert code_of(told) == "APPROVAL_INVALID"


def test_an_approval_that_claims_another_assurance_is_refused() -> None:
    assert code_of(story().change("bob approves", assurance=3)) == "APPROVAL_ASSURANCE_LOW"


# 10 and 11: revocation, nothing left over.


def revocation(since: timedelta, certificate_id: str = ID) -> Revocation:
    return Revocation(
        certificate_id=certificate_id,
        reason=RevocationReason.KEY_COMPROMISE,
        revoked_at=PUBLISHED_AT + timedelta(days=9),
        invalid_since=PUBLISHED_AT + since,
    )


@pytest.mark.parametrize("since", [timedelta(0), timedelta(milliseconds=-1), timedelta(days=-1)])
def test_a_publication_at_or_after_the_theft_is_refused(since: timedelta) -> None:
    assert code_of(replace(story(), revocations=[revocation(since)])) == "CERTIFICATE_REVOKED"


def test_a_publication_before_the_theft_stands_and_the_verdict_tells_of_it() -> None:
    later = revocation(timedelta(milliseconds=1))
    others = [revocation(timedelta(0), "CERT-PKG-20260102-002"), later]
    verdict = verify_bundle(replace(story(), revocations=others).encoded(), ROOT)

    assert verdict.revocation == later


@pytest.mark.parametrize(
    "event",
    [
        enrolment("person:carol", person_key("carol")),
        Event("run.requested", {}),
        Event("receipt.issued", {"receipt": {}}),
    ],
)
def test_an_entry_that_nothing_needs_is_refused(event: Event) -> None:
    told = story()
    told.events["more"] = event

    assert refused(told.bundle()).step in {5, 11}
    assert code_of(told) == "BUNDLE_MALFORMED"


def test_an_approval_more_than_the_policy_asks_for_is_no_evidence() -> None:
    told = story()
    approval = approval_of(told.plans[1], "carol")
    carol = {
        "carol": enrolment("person:carol", person_key("carol")),
        "carol approves": approval_event(approval, person_key("carol"), second=12),
    }
    told.events = {**told.events, **carol}

    assert refused(told.move("carol", before="alice").move("carol approves", before="put issued").bundle()).step == 11
