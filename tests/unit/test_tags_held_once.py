"""While one operation tags or releases, or has, another one for the same tag of the repository is stale."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.entities.receipts import subject_of
from support.github import pull_operation, release_operation, tag_operation
from support.github_world import github_world

COMMIT = "ab" * 20


def test_what_holds_is_the_tag_of_the_repository_whatever_version_it_is_said_to_be() -> None:
    tag, release = tag_operation(COMMIT), release_operation(COMMIT)
    renamed = [replace(each, subject=replace(each.subject, version="2.0.0")) for each in (tag, release)]

    assert [subject_of(each) for each in (tag, release)] == [
        "tag_repo/github:acme/tool#v1.0.0",
        "publish_release/github:acme/tool#v1.0.0",
    ]
    assert [subject_of(each) for each in renamed] == [subject_of(each) for each in (tag, release)]
    assert subject_of(tag_operation(COMMIT, tag="v1.0.1")) != subject_of(tag)
    assert subject_of(pull_operation(COMMIT)) == "open_pr/github:acme/tool"


@pytest.mark.parametrize("changed", [{}, {"version": "2.0.0"}])
def test_a_second_run_for_the_same_tag_is_stale(changed: dict[str, Any]) -> None:
    with github_world() as at:
        at.carry_out(at.world.approved(at.plan(at.tag())))
        again = at.tag(preconditions=())
        second = at.world.approved(at.plan(replace(again, subject=replace(again.subject, **changed))))
        token = at.world.issue(second)

        with at.world.refusing("STALE_SUBJECT"):
            at.world.present(second, token)


def test_a_pull_request_may_be_opened_again_by_another_run() -> None:
    with github_world() as at:
        head = at.github.with_branch()
        at.carry_out(at.world.approved(at.plan(at.pull(head))))
        at.github.repository.pulls[1]["state"] = "closed"
        at.carry_out(at.world.approved(at.plan(at.pull(head))))

        assert len(at.github.repository.pulls) == 2
