from __future__ import annotations

import pytest

from placet.core.policies import bundled_policy
from placet.domain.authorization.operation import Subject
from placet.domain.authorization.policy import Policy
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.values.kinds import OperationKind
from support.governance import a_plan, an_operation, codes, judged, says

CORE = Subject(provider="core", name="@acme/tool", version="1.0.0", tag="")
TRIAL = parse_policy(bundled_policy("trial"))
EXAMPLE = parse_policy(bundled_policy("example"))


@pytest.mark.parametrize("kind", [OperationKind.PUBLISH_PACKAGE, OperationKind.PUT_OBJECT])
@pytest.mark.parametrize("provider", ["npm", "files", "r2", "my-registry.example"])
@pytest.mark.parametrize("name", ["tool", "@acme/tool"])
def test_the_trial_policy_lets_the_local_person_publish_anything_anywhere(
    kind: OperationKind, provider: str, name: str
) -> None:
    subject = Subject(provider=provider, name=name, version="1.0.0", tag="")
    operation = an_operation(operation_kind=kind, subject=subject)

    assert judged(TRIAL, a_plan(operation, requester="person:local")).allowed
    assert codes(judged(TRIAL, a_plan(operation, requester="person:alice"))) == [["NO_RULE"]]
    assert codes(judged(TRIAL, a_plan(operation, requester="ci:local"))) == [["NO_RULE"]]


@pytest.mark.parametrize("kind", sorted(set(OperationKind) - {OperationKind.PUBLISH_PACKAGE, OperationKind.PUT_OBJECT}))
def test_the_trial_policy_lets_the_local_person_do_every_core_operation(kind: OperationKind) -> None:
    assert judged(TRIAL, a_plan(an_operation(operation_kind=kind, subject=CORE), requester="person:local")).allowed


def test_every_zero_of_the_trial_policy_is_written_out_and_said_loudly() -> None:
    text = bundled_policy("trial").decode()

    assert text.count("approvals  = []") == text.count("[[rule]]")
    assert "NOBODY" in text
    assert not TRIAL.embedded_in_ci


def test_the_example_policy_publishes_with_two_maintainers_and_one_of_security() -> None:
    plan = a_plan(requester="person:mallory")
    approvals = [says(plan, "alice"), says(plan, "bob"), says(plan, "dave", "security")]

    assert judged(EXAMPLE, plan, *approvals).allowed
    for missing in range(3):
        assert not judged(EXAMPLE, plan, *(each for at, each in enumerate(approvals) if at != missing)).allowed


@pytest.mark.parametrize("requester", ["person:mallory", "ci:github:acme/tool"])
def test_the_example_policy_certifies_before_the_approvals(requester: str) -> None:
    certificate = an_operation(operation_kind=OperationKind.ISSUE_CERTIFICATE, subject=CORE)

    assert judged(EXAMPLE, a_plan(certificate, requester=requester)).allowed


@pytest.mark.parametrize(
    "kind", [OperationKind.ACTIVATE_POLICY, OperationKind.ENROL_PRINCIPAL, OperationKind.CHANGE_EXECUTOR]
)
def test_the_example_policy_governs_itself_by_two_of_security(kind: OperationKind) -> None:
    plan = a_plan(an_operation(operation_kind=kind, subject=CORE), requester="person:alice")

    assert judged(EXAMPLE, plan, says(plan, "dave", "security"), says(plan, "erin", "security")).allowed
    assert not judged(EXAMPLE, plan, says(plan, "dave", "security")).allowed
    own = a_plan(an_operation(operation_kind=kind, subject=CORE), requester="person:dave")
    assert not judged(EXAMPLE, own, says(own, "dave", "security"), says(own, "erin", "security")).allowed


@pytest.mark.parametrize("policy", [TRIAL, EXAMPLE], ids=["trial", "example"])
def test_no_bundled_policy_publishes_from_inside_a_ci_job(policy: Policy) -> None:
    for requester in ("person:local", "person:alice", "ci:github:acme/tool"):
        refusals = codes(judged(policy, a_plan(requester=requester), embedded_in_ci=True))[0]
        assert "EMBEDDED_IN_CI" in refusals
