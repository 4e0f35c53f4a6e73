from __future__ import annotations

import json
from typing import Any

import pytest

from placet.adapters.egress.messages import Answer
from placet.adapters.github.answers import UnclearError, cursor_of_next_page
from placet.demo.github_double import Fault
from placet.demo.github_double_state import Account
from support.github import NAME, Github, pull_operation, read_fact, running_github

MALLORY, BOB = Account("mallory", 7001), Account("bob", 702)


def pusher(github: Github, commit: str) -> str:
    return read_fact(github, f"pusher:{commit}")


def merger(github: Github, commit: str) -> str:
    return read_fact(github, f"merger:{commit}")


def a_pull(github: Github) -> str:
    """Open a pull request, number 1, and return its head."""
    head = github.repository.commit("docs-1.0.0", by=MALLORY)
    github.perform(pull_operation(head))
    return head


def answering(github: Github, path: str, value: object) -> None:
    """Let GitHub answer the next request for `path` with this."""
    github.double.inject(Fault(method="GET", path=path, status=200, body=json.dumps(value).encode()))


def test_who_put_a_branch_at_the_commit_pushed_it() -> None:
    with running_github() as github:
        made = github.repository.commit("feature", by=MALLORY)
        moved = github.repository.push("feature", by=BOB)

        assert (pusher(github, made), pusher(github, moved)) == ("7001", "702")


def test_everybody_who_put_a_branch_at_the_commit_pushed_it_once_in_the_order_of_ids() -> None:
    with running_github() as github:
        commit = github.repository.commit("feature", by=MALLORY)
        github.repository.put_branch("main", commit, by=BOB)
        github.repository.put_branch("again", commit, by=MALLORY, kind="force_push")

        assert pusher(github, commit) == "702,7001"


def test_who_deleted_a_branch_pushed_nothing_and_a_kind_not_known_yet_is_a_push() -> None:
    with running_github() as github:
        commit = github.repository.commit("feature", by=MALLORY)
        github.repository.put_branch("feature", commit, by=BOB, kind="branch_deletion")
        before = pusher(github, commit)
        github.repository.put_branch("feature", commit, by=BOB, kind="stack_merge")

        assert (before, pusher(github, commit)) == ("7001", "702,7001")


def test_who_pushed_a_commit_below_another_one_is_not_told() -> None:
    with running_github() as github:
        below = github.repository.commit("feature", by=MALLORY, below=1)

        assert pusher(github, below) == "unobserved"
        assert pusher(github, github.repository.refs["refs/heads/feature"]) == "7001"


def test_who_pushed_a_commit_that_is_not_in_the_list_is_not_told() -> None:
    with running_github() as github:
        github.repository.commits.add("ab" * 20)

        assert (pusher(github, "ab" * 20), pusher(github, "cd" * 20)) == ("unobserved", "unobserved")


def test_an_account_that_is_no_more_is_nobody_in_particular() -> None:
    with running_github() as github:
        commit = github.repository.commit("feature", by=MALLORY)
        github.repository.put_branch("main", commit, by=None)

        assert pusher(github, commit) == "unobserved"


def test_pushers_are_looked_for_on_all_pages() -> None:
    with running_github(page_cap=2) as github:
        commit = github.repository.commit("feature", by=MALLORY)
        for _ in range(6):
            github.repository.push("main", by=BOB)
        github.repository.put_branch("again", commit, by=BOB)

        assert pusher(github, commit) == "702,7001"
        assert github.asked_for("/activity") == 5


def test_a_list_that_has_no_end_tells_nothing() -> None:
    link = {"link": '<https://api.example.com/x?after=cursor%2B%3D0>; rel="next"'}
    with running_github() as github:
        github.double.inject(Fault(method="GET", path="/activity", times=1000, acts=True, headers=link))

        assert pusher(github, github.commit) == "unobserved"
        assert github.asked_for("/activity") == 100


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        ("", None),
        ('<https://api.example.com/x?before=a>; rel="prev"', None),
        (
            '<https://api.example.com/x?before=a>; rel="prev", <https://example.com/?after=b%3D%3D>; rel="next"',
            "b==",
        ),
    ],
)
def test_of_a_next_page_only_the_cursor_is_taken(link: str, cursor: str | None) -> None:
    assert cursor_of_next_page(Answer(status=200, headers={"link": link}, body=b"")) == cursor


@pytest.mark.parametrize(
    "query", ["", "page=2", "after=", "after=a&after=b", "after=a%0Ab", f"after={'a' * 513}", "after=a%26ref%3Db"]
)
def test_a_next_page_without_a_cursor_is_unclear(query: str) -> None:
    with pytest.raises(UnclearError):
        cursor_of_next_page(Answer(status=200, headers={"link": f'<https://[/x?{query}>; rel="next"'}, body=b""))
    link = {"link": f'<https://api.example.com/x?{query}>; rel="next"'}
    with pytest.raises(UnclearError):
        cursor_of_next_page(Answer(status=200, headers=link, body=b""))


def test_who_merged_is_told_for_the_merge_and_for_what_was_merged() -> None:
    with running_github() as github:
        head = a_pull(github)
        before = merger(github, head)
        merge = github.repository.merge_pull(1, by=BOB)

        assert (before, merger(github, head), merger(github, merge)) == ("none", "702", "702")
        assert (pusher(github, head), pusher(github, merge)) == ("7001", "702")


def test_everybody_who_merged_the_commit_is_told_over_all_pages() -> None:
    with running_github(page_cap=1) as github:
        head = a_pull(github)
        github.repository.commit("next")
        github.perform(pull_operation(head, base="next", step=4))
        github.repository.merge_pull(1, by=MALLORY)
        github.repository.merge_pull(2, by=BOB)

        assert merger(github, head) == "702,7001"


def test_nobody_merged_what_no_pull_request_brought() -> None:
    with running_github() as github:
        assert merger(github, github.commit) == "none"


def test_a_merger_whose_account_is_no_more_is_not_told() -> None:
    with running_github() as github:
        head = a_pull(github)
        github.repository.merge_pull(1, by=None)

        assert merger(github, head) == "unobserved"


def test_a_pull_request_of_another_repository_is_another_one() -> None:
    with running_github() as github:
        head = a_pull(github)
        github.repository.merge_pull(1, by=BOB)
        elsewhere = {"number": 1, "merged_at": "2026-01-01T00:00:00Z", "base": {"repo": {"full_name": "acme/fork"}}}
        answering(github, f"/commits/{head}/pulls", [elsewhere])

        assert merger(github, head) == "none"


HERE = {"repo": {"full_name": NAME}}
MERGED = {"number": 1, "merged_at": "2026-01-01T00:00:00Z", "base": HERE}


@pytest.mark.parametrize(
    "pulls",
    [
        pytest.param([{"number": 1, "base": HERE}], id="not said whether merged"),
        pytest.param([{"number": 1, "merged_at": "now", "base": {"repo": None}}], id="of no repository"),
        pytest.param([{"merged_at": "now", "base": HERE}], id="without a number"),
        pytest.param([MERGED] * 101, id="more than anybody merges"),
        pytest.param({}, id="no list"),
    ],
)
def test_a_list_of_pull_requests_that_is_not_understood_tells_nothing(pulls: Any) -> None:
    with running_github() as github:
        head = a_pull(github)
        answering(github, f"/commits/{head}/pulls", pulls)

        assert merger(github, head) == "unobserved"


@pytest.mark.parametrize(
    "pull",
    [
        pytest.param({"number": 2, "merged": True, "merged_by": {"id": 5}}, id="another one"),
        pytest.param({"number": 1, "merged": False, "merged_by": {"id": 5}}, id="not merged after all"),
        pytest.param({"number": 1, "merged": True}, id="nobody"),
        pytest.param({"number": 1, "merged": True, "merged_by": "bob"}, id="a name"),
        pytest.param({"number": 1, "merged": True, "merged_by": {"login": "bob"}}, id="without an id"),
        pytest.param({"number": 1, "merged": True, "merged_by": {"id": 0}}, id="no id"),
        pytest.param({"number": 1, "merged": True, "merged_by": {"id": True}}, id="a flag"),
    ],
)
def test_a_pull_request_that_is_not_understood_tells_nothing(pull: Any) -> None:
    with running_github() as github:
        head = a_pull(github)
        github.repository.merge_pull(1, by=BOB)
        answering(github, "/pulls/1", pull)

        assert merger(github, head) == "unobserved"


@pytest.mark.parametrize("activity", [{"after": 1}, {}, "push"])
def test_an_activity_that_is_not_understood_tells_nothing(activity: Any) -> None:
    with running_github() as github:
        answering(github, "/activity", [activity])

        assert pusher(github, github.commit) == "unobserved"


@pytest.mark.parametrize("status", [301, 401, 403, 404, 409, 422, 429, 500])
@pytest.mark.parametrize(
    ("fact", "path"),
    [("pusher", "/activity"), ("pusher", f"/{NAME}"), ("merger", "/commits/"), ("merger", "/pulls/1")],
)
def test_where_github_does_not_answer_it_is_not_told(fact: str, path: str, status: int) -> None:
    with running_github() as github:
        head = a_pull(github)
        github.repository.merge_pull(1, by=BOB)
        github.double.inject(Fault(method="GET", path=path, status=status))

        assert read_fact(github, f"{fact}:{head}") == "unobserved"


@pytest.mark.parametrize("name", ["main", "", "AB" * 20, "ab" * 19, "ab" * 32])
def test_what_is_no_commit_of_github_is_not_asked_for(name: str) -> None:
    with running_github() as github:
        assert (pusher(github, name), merger(github, name)) == ("unobserved", "unobserved")
        assert github.double.requests == []
