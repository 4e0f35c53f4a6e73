"""Where an effect goes and who may not approve it, as an operation's preconditions say (protocol 5 and 6)."""

from __future__ import annotations

import pytest

from placet.domain.authorization.exclusion import excluded_accounts, facts_to_observe
from placet.domain.authorization.operation import Operation, Precondition, Subject, read_operation
from placet.domain.authorization.place import asked_of_provider, bound_to, check_leads_to, place, planned_place
from placet.errors import DeniedError, InvalidInputError
from support.governance import a_plan, an_operation

COMMIT = "ab" * 20
VERSION = Precondition(fact="version", expected="absent")
HERE = place("npm", "https://registry.example.com/", private=False)
PLACED = an_operation(preconditions=bound_to(HERE, (VERSION,)))


def told(fact: str, value: str, provider: str = "github") -> Operation:
    subject = Subject(provider=provider, name="acme/tool", version="", tag="v1")
    return an_operation(subject=subject, preconditions=(Precondition(fact=f"{fact}:{COMMIT}", expected=value),))


def test_a_place_is_kind_and_address() -> None:
    assert HERE == "npm https://registry.example.com/"
    assert place("npm", "https://registry.example.com/", private=True) == "npm(private) https://registry.example.com/"


def test_a_place_stands_before_the_other_preconditions_and_is_asked_of_nobody() -> None:
    assert [each.fact for each in PLACED.preconditions] == ["provider", "version"]
    assert asked_of_provider(PLACED) == (VERSION,)
    assert (planned_place(PLACED), planned_place(an_operation())) == (HERE, "")
    assert bound_to("", (VERSION,)) == (VERSION,)


@pytest.mark.parametrize(
    ("present", "says"),
    [
        ("", "leads to nowhere, planned was npm https://registry.example.com/"),
        ("npm https://registry.example.com", "leads to npm https://registry.example.com, planned was npm https://"),
    ],
)
def test_a_record_that_leads_elsewhere_is_stale(present: str, says: str) -> None:
    check_leads_to(PLACED, HERE)

    with pytest.raises(DeniedError) as caught:
        check_leads_to(PLACED, present)

    assert caught.value.code == "STALE_SUBJECT"
    assert says in caught.value.message


@pytest.mark.parametrize("expected", ["folder file:/srv/my objects", "x", "npm https://registry.example.com/"])
def test_a_place_with_blanks_reads_back(expected: str) -> None:
    operation = an_operation(preconditions=(Precondition(fact="provider", expected=expected),))

    assert read_operation(operation.to_object()) == operation


@pytest.mark.parametrize("expected", ["", " ", " x", "x ", "x\ny", "x\u00e9"])
def test_what_is_expected_begins_and_ends_with_something(expected: str) -> None:
    operation = an_operation(preconditions=(Precondition(fact="provider", expected=expected),))

    with pytest.raises(InvalidInputError):
        read_operation(operation.to_object())


@pytest.mark.parametrize("commit", [COMMIT, "0" * 64])
def test_of_an_operation_about_a_commit_is_asked_who_pushed_and_merged_it(commit: str) -> None:
    assert facts_to_observe(an_operation(params={"commit_sha": commit})) == (f"pusher:{commit}", f"merger:{commit}")


def test_of_a_pull_request_is_asked_who_pushed_and_merged_its_head() -> None:
    head = "1" * 40
    facts = (f"pusher:{head}", f"merger:{head}")

    assert facts_to_observe(an_operation(params={"head_sha": head})) == facts
    assert facts_to_observe(an_operation(params={"head_sha": head, "commit_sha": head})) == facts
    assert facts_to_observe(an_operation(params={"head_sha": head, "commit_sha": COMMIT})) == (
        f"pusher:{COMMIT}",
        f"merger:{COMMIT}",
        *facts,
    )


@pytest.mark.parametrize(
    "params", [{}, {"commit_sha": "main"}, {"commit_sha": 7}, {"head_sha": "docs"}, {"commit_sha": COMMIT + "0"}]
)
def test_of_another_operation_nothing_is_asked(params: dict[str, str | int]) -> None:
    assert facts_to_observe(an_operation(params=params)) == ()


@pytest.mark.parametrize(
    ("operations", "accounts"),
    [
        ([told("pusher", "12")], {"github:12"}),
        ([told("pusher", "12,34"), told("merger", "none")], {"github:12", "github:34"}),
        ([told("merger", "56", "forge")], {"forge:56"}),
        ([told("pusher", "none")], set()),
        ([an_operation()], set()),
        ([told("pusher", "12"), told("merger", "unobserved")], None),
        ([told("pusher", "unobserved")], None),
        ([told("pusher", "12, 34")], None),
        ([told("merger", "12;34")], None),
    ],
)
def test_whoever_pushed_or_merged_anything_in_a_plan_is_excluded(
    operations: list[Operation], accounts: set[str] | None
) -> None:
    plan = a_plan(*operations)

    assert excluded_accounts(plan) == (None if accounts is None else frozenset(accounts))
