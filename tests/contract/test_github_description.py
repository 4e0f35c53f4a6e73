"""Every request that Placet makes fits GitHub's published description, and so do the double's answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from placet.demo.double_server import Asked, Reply
from placet.demo.github_double import Fault
from support.github import Github, pull_operation, read_fact, release_operation, running_github, tag_operation
from support.prism import Judged, Prism, running_prism

pytestmark = pytest.mark.node


def everything(github: Github) -> None:
    """Tag, release and open a pull request, once and again."""
    for _ in range(2):
        github.tag()
        github.release()
        head = github.repository.refs.get("refs/heads/docs-1.0.0") or github.with_branch()
        github.perform(pull_operation(head))
        github.look_up(tag_operation(github.commit))
        github.look_up(release_operation(github.commit))
        github.look_up(pull_operation(head))


def a_broken_upload(github: Github) -> None:
    """Clear away an upload of ours that broke off, and finish the release."""
    github.tagged()
    github.double.inject(Fault(method="POST", path="/assets", status=502))
    github.release()
    (draft,) = github.repository.releases.values()
    github.repository.add_asset(draft["id"], "tool-1.0.0.tgz", b"", state="open")
    github.release()


def without_digests(github: Github) -> None:
    """Release at a GitHub that tells no digests: assets are downloaded."""
    github.repository.tells_digests = False
    github.tagged().release()


def refused(github: Github) -> None:
    """Be refused in all the ways that GitHub has."""
    github.repository.readable = False
    everything(github)
    github.repository.readable, github.repository.may_push = True, False
    everything(github)
    github.perform(tag_operation("ab" * 20))
    github.perform(pull_operation("ab" * 20, head="not-there"))


def over_pages(github: Github) -> None:
    """Look through more releases than a page holds."""
    for number in range(120):
        github.repository.make_release({"tag_name": f"old-{number}", "draft": True})
    github.tagged().release()


def accounts(github: Github) -> None:
    """Ask who pushed and merged: over pages, with an account that is no more, and where nobody may be told."""
    github.perform(pull_operation(github.with_branch()))
    merge = github.repository.merge_pull(1)
    github.repository.push("main", by=None)
    for _ in range(100):
        github.repository.push("other")
    for _ in range(2):
        for commit in (merge, github.repository.pulls[1]["head_sha"], github.repository.refs["refs/heads/main"]):
            read_fact(github, f"pusher:{commit}")
            read_fact(github, f"merger:{commit}")
        github.repository.readable = False


FLOWS: tuple[Callable[[Github], None], ...] = (
    everything,
    a_broken_upload,
    without_digests,
    refused,
    over_pages,
    accounts,
)


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    with running_prism(tmp_path_factory.mktemp("prism")) as running:
        yield running


@pytest.mark.parametrize("flow", FLOWS)
def test_every_request_of_the_executors_fits_the_description(prism: Prism, flow: Callable[[Github], None]) -> None:
    with running_github() as github:
        flow(github)
        exchanges = list(github.double.exchanges)

    verdicts = [(f"{asked.method} {asked.path}", prism.judge(asked, reply)) for asked, reply in exchanges]

    assert len(exchanges) > 5
    assert [(name, verdict.request) for name, verdict in verdicts if verdict.request] == []
    assert [verdict.status for _, verdict in verdicts] == [reply.status for _, reply in exchanges]


@pytest.mark.parametrize("flow", FLOWS)
def test_every_answer_of_the_double_fits_the_description(prism: Prism, flow: Callable[[Github], None]) -> None:
    with running_github() as github:
        flow(github)
        exchanges = list(github.double.exchanges)

    documents = [each for each in exchanges if each[1].content_type != "application/octet-stream"]
    verdicts = [(f"{asked.method} {asked.path}", prism.judge(asked, reply)) for asked, reply in documents]

    assert [(name, found) for name, verdict in verdicts if (found := beyond_statuses(verdict))] == []


def beyond_statuses(verdict: Judged) -> list[str]:
    """Return what is wrong with an answer: refusals that GitHub gives everywhere are not described everywhere."""
    undescribed = verdict.status in (401, 403, 404)
    return [text for text in verdict.answer if not (undescribed and "Unable to match the returned status" in text)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/git/refs", b'{"ref": "refs/tags/v1"}', id="a member is missing"),
        pytest.param("/git/refs", b'{"ref": 1, "sha": "ab"}', id="a member is mistyped"),
        pytest.param("/releases", b'{"tag_name": "v1", "draft": "yes"}', id="no boolean"),
        pytest.param(
            "/git/tags", b'{"tag": "v1", "message": "m", "object": "ab", "type": "branch"}', id="no such type"
        ),
    ],
)
def test_a_request_that_does_not_fit_is_noticed(prism: Prism, path: str, body: bytes) -> None:
    headers = {"content-type": "application/json", "accept": "application/vnd.github+json"}
    asked = Asked(method="POST", path=f"/api/v3/repos/acme/tool{path}", query="", headers=headers, body=body)

    assert len(prism.judge(asked, Reply.of(201, {})).request) == 1


def test_an_answer_that_does_not_fit_is_noticed(prism: Prism) -> None:
    with running_github() as github:
        github.tag()
        asked, reply = github.double.exchanges[1]
    members = json.loads(reply.body)
    del members["object"]["sha"]

    assert (asked.path.endswith("/git/refs"), prism.judge(asked, reply).answer) == (True, [])
    assert len(prism.judge(asked, Reply.of(201, members, reply.content_type)).answer) == 1
