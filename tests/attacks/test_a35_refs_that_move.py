"""A35: a tag made before ours at somebody's commit, a branch moved after the approval: nothing is built on them."""

from __future__ import annotations

import pytest

from placet.domain.authorization.facts import ReceiptState
from placet.domain.values.kinds import OutcomeStatus
from placet.errors import EffectError
from placet.ports.effects import Presence
from support.github import TAG, pull_operation, release_operation, running_github, tag_operation, tag_sha
from support.github_world import github_world

REF = f"refs/tags/{TAG}"


def test_a35_a_tag_made_before_ours_at_another_commit_is_a_stale_commit_and_nothing_is_sent() -> None:
    with github_world() as at:
        plan = at.world.approved(at.plan(at.tag()))
        at.github.repository.refs[REF] = at.github.repository.commit("evil")
        token = at.world.issue(plan)

        with at.world.refusing("STALE_COMMIT"):
            at.world.present(plan, token)

        assert at.github.sent() == []


def test_a35_a_branch_moved_after_the_approval_is_a_stale_commit_and_nothing_is_sent() -> None:
    with github_world() as at:
        plan = at.world.approved(at.plan(at.pull(at.github.with_branch())))
        at.github.repository.push("docs-1.0.0")
        token = at.world.issue(plan)

        with at.world.refusing("STALE_COMMIT"):
            at.world.present(plan, token)

        assert at.github.sent() == []


def test_a35_a_tag_that_appears_between_the_look_and_the_send_is_a_conflict_and_stays() -> None:
    with github_world() as at:
        plan = at.world.approved(at.plan(at.tag(preconditions=())))
        theirs = at.github.repository.refs[REF] = at.github.repository.commit("evil")

        with pytest.raises(EffectError, match="OTHER_CONTENT"):
            at.carry_out(plan)

        assert at.github.repository.refs[REF] == theirs
        assert at.github.effects("ref") == {}
        assert [each.body.type for each in at.world.entries("receipt.conflict")] == ["receipt.conflict"]


@pytest.mark.parametrize("kind", ["lightweight", "annotated"])
def test_a35_a_release_is_not_made_where_its_tag_stands_at_another_commit(kind: str) -> None:
    with running_github() as github:
        theirs = github.repository.commit("evil")
        annotated = {"tag": TAG, "message": "m", "object": theirs, "type": "commit"}
        github.repository.refs[REF] = theirs if kind == "lightweight" else github.repository.make_tag(annotated)
        outcome = github.release()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "TAG_CONFLICT")
    assert github.sent() == []


def test_a35_a_tag_object_that_leads_to_another_commit_than_the_plan_says_is_a_conflict() -> None:
    with running_github() as github:
        github.tagged()
        planned = release_operation("cd" * 20, tag_sha=tag_sha(github.commit))
        outcome = github.perform(planned)

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "TAG_CONFLICT")
    assert github.sent() == []


def test_a35_a_tag_that_moves_while_its_release_is_published_is_a_conflict() -> None:
    with running_github() as github:
        github.tagged()
        evil = github.repository.commit("evil")

        def move() -> None:
            github.repository.refs[REF] = evil

        github.double.inject(github.fault("PATCH", happens=move))
        outcome = github.release()
        found = github.look_up(release_operation(github.commit))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "RELEASE_CONFLICT")
    assert found.presence is Presence.OTHER


def test_a35_a_head_that_moves_while_its_pull_request_is_opened_is_a_conflict() -> None:
    with running_github() as github:
        head = github.with_branch()
        github.double.inject(github.fault("POST", "/pulls", happens=lambda: github.repository.push("docs-1.0.0")))
        outcome = github.perform(pull_operation(head))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "PULL_CONFLICT")
    assert github.effects("pull") == {("pull", "docs-1.0.0"): 1}


def test_a35_a_head_that_is_not_at_the_planned_commit_opens_nothing() -> None:
    with running_github() as github:
        head = github.with_branch()
        github.repository.push("docs-1.0.0")
        outcome = github.perform(pull_operation(head))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "STALE_COMMIT")
    assert github.sent() == []


def test_a35_an_answer_that_names_another_tag_object_makes_no_ref() -> None:
    with running_github() as github:
        lie = b'{"sha": "' + b"ab" * 20 + b'"}'
        github.double.inject(github.fault("POST", "/git/tags", acts=False, status=201, body=lie))
        outcome = github.tag()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "TAG_SHA_DIFFERS")
    assert github.repository.refs.keys() == {"refs/heads/main"}


def test_a35_a_conflict_is_an_incident_that_ends_the_run() -> None:
    with github_world() as at:
        plan = at.approved_release()
        at.github.double.inject(
            at.github.fault(
                "POST",
                "/git/refs",
                acts=False,
                status=422,
                happens=lambda: at.github.repository.refs.update({REF: at.github.commit}),
            )
        )

        with pytest.raises(EffectError, match="OTHER_CONTENT"):
            at.carry_out(plan)

        assert at.github.effects("draft", "publish") == {}
        (conflict,) = at.world.entries("receipt.conflict")
        assert isinstance(conflict.body.data, dict)
        assert at.world.state(str(conflict.body.data["receipt_id"])) is ReceiptState.CONFLICT


def test_a35_the_look_up_of_a_tag_at_another_commit_tells_other() -> None:
    with running_github() as github:
        github.repository.refs[REF] = github.repository.commit("evil")

        assert github.look_up(tag_operation(github.commit)).presence is Presence.OTHER
