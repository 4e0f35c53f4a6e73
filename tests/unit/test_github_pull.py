from __future__ import annotations

from typing import Any

import pytest

from placet.demo.github_double import Fault
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Presence
from support.github import TEXT, pull_operation, running_github


def test_a_pull_request_is_opened_once_and_found_again() -> None:
    with running_github() as github:
        operation = pull_operation(github.with_branch())
        outcomes = [github.perform(operation), github.perform(operation)]
        found = github.look_up(operation)

    (pull,) = github.repository.pulls.values()
    assert [outcome.response["found_by"] for outcome in outcomes] == ["answer", "look_up"]
    assert (found.presence, found.response["number"]) == (Presence.SAME, 1)
    assert (pull["title"], pull["head"], pull["base"]) == ("Document 1.0.0", "docs-1.0.0", "main")
    assert pull["body"].startswith(TEXT.decode())
    assert github.sent() == [("POST", "/pulls")]


def test_a_draft_is_opened_as_a_draft() -> None:
    with running_github() as github:
        github.perform(pull_operation(github.with_branch(), draft=True))

    assert github.repository.pulls[1]["draft"]


def test_a_pull_request_of_ours_that_was_closed_since_is_done() -> None:
    with running_github() as github:
        operation = pull_operation(github.with_branch())
        github.perform(operation)
        github.repository.pulls[1]["state"] = "closed"
        outcome = github.perform(operation)

    assert (outcome.status, outcome.response["found_by"]) == (OutcomeStatus.EXECUTED, "look_up")
    assert len(github.repository.pulls) == 1


def test_an_open_one_of_somebody_else_between_the_branches_is_a_conflict() -> None:
    with running_github() as github:
        operation = pull_operation(github.with_branch())
        github.repository.open_pull({"title": "theirs", "head": "docs-1.0.0", "base": "main", "body": None})
        outcome = github.perform(operation)

    assert (outcome.status, outcome.error_code, github.sent()) == (OutcomeStatus.CONFLICT, "PULL_CONFLICT", [])


@pytest.mark.parametrize(
    "theirs",
    [
        {"head": "docs-1.0.0", "base": "release"},
        {"head": "docs-0.9.0", "base": "main"},
        {"head": "docs-1.0.0", "base": "main", "state": "closed"},
    ],
    ids=["another base", "another head", "closed"],
)
def test_others_are_none_of_ours(theirs: dict[str, Any]) -> None:
    with running_github() as github:
        operation = pull_operation(github.with_branch())
        github.repository.commit("release")
        github.repository.commit("docs-0.9.0")
        pull = github.repository.open_pull({"title": "x", **theirs})
        pull["state"] = theirs.get("state", "open")
        outcome = github.perform(operation)

    assert (outcome.status, outcome.response["number"]) == (OutcomeStatus.EXECUTED, 2)


@pytest.mark.parametrize("changed", [{"title": "another"}, {"head_sha": "ab" * 20}], ids=["title", "head"])
def test_one_with_our_marker_and_other_content_is_a_conflict(changed: dict[str, Any]) -> None:
    with running_github() as github:
        operation = pull_operation(github.with_branch())
        github.perform(operation)
        github.repository.pulls[1].update(changed)
        outcome = github.perform(operation)

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "PULL_CONFLICT")


def test_a_filter_that_github_does_not_know_leaves_others_out_all_the_same() -> None:
    with running_github() as github:
        operation = pull_operation(github.with_branch())
        github.perform(operation)
        github.repository.pulls[1]["base"] = "elsewhere"
        shown = [reply for asked, reply in github.double.exchanges if asked.method == "GET" and "/pulls" in asked.path]
        github.double.inject(
            Fault(method="GET", path="/pulls", status=200, body=shown[-1].body.replace(b"main", b"next"))
        )

        assert github.look_up(operation).presence is Presence.ABSENT


def test_a_refusal_is_failed() -> None:
    with running_github() as github:
        github.double.inject(Fault(method="POST", status=403))
        outcome = github.perform(pull_operation(github.with_branch()))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_REFUSED")


def test_a_422_with_none_there_is_failed() -> None:
    with running_github() as github:
        outcome = github.perform(pull_operation(github.with_branch(), base="not-there"))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_REFUSED")


def test_a_branch_that_is_not_there_or_not_shown_opens_nothing() -> None:
    with running_github() as github:
        absent = github.perform(pull_operation("ab" * 20))
        github.double.inject(Fault(method="GET", path="matching-refs", status=500))
        unclear = github.perform(pull_operation(github.with_branch()))

    assert [absent.error_code, unclear.error_code] == ["STALE_COMMIT", "STALE_COMMIT"]
    assert github.sent() == []


def test_pull_requests_that_cannot_be_told_leave_nothing_sent() -> None:
    with running_github() as github:
        github.double.inject(Fault(method="GET", path="/pulls", status=500))
        outcome = github.perform(pull_operation(github.with_branch()))

    assert (outcome.status, outcome.error_code, github.sent()) == (OutcomeStatus.FAILED, "PROVIDER_UNCLEAR", [])
