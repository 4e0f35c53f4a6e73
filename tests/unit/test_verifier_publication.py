"""Without an executed receipt, and a certificate that the log issued, nothing was published (protocol 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.certificate.authority import LEAF_VALIDITY
from placet.domain.encoding.pem import certificate_der
from placet.domain.values.kinds import Mode, OperationKind
from placet.domain.verification.verifier import verify_bundle
from support.authority import authority
from support.publication import honest, story
from support.small_log import START
from support.verdicts import ROOT, code_of, lifetime, refused, with_plan

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


@pytest.mark.parametrize("expires_at", ["2026-01-02T03:10:17.000Z", "2026-01-02T03:10:18.000Z"])
def test_a_receipt_spent_when_it_had_expired_proves_nothing(expires_at: str) -> None:
    told = story().change_receipt("publish issued", **lifetime(expires_at))

    assert code_of(told) == "RECEIPT_EXPIRED"


def test_a_receipt_spent_in_its_last_moment_is_good() -> None:
    told = story().change_receipt("put issued", **lifetime("2026-01-02T03:10:15.001Z"))

    assert verify_bundle(told.encoded(), ROOT).size


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


def test_a_certificates_receipt_is_for_no_other_kind_of_operation() -> None:
    def change(plan: Any) -> Any:
        (operation,) = plan.operations
        return replace(plan, operations=(replace(operation, operation_kind=OperationKind.REGISTER_PACKAGE),))

    error = refused(with_plan(0, change).bundle())

    assert (error.code, error.step) == ("OPERATION_MISMATCH", 6)


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
