"""A48: text in titles and bodies that hides, calls everybody or fakes our marker; markers that lie."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from placet.core.runs import Intent
from placet.domain.authorization.repository_operations import marked, marker_of
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import OperationKind, OutcomeStatus
from placet.errors import InvalidInputError
from placet.ports.effects import Presence
from support.github import ASSETS, NOTES, TAG, Github, pull_operation, release_operation, running_github, tag_operation
from support.github_world import GithubWorld, github_world
from support.intents import artifact

UNSAFE = {
    "our own marker": "1.0.0\n\n<!-- placet run_01ARZ3NDEKTSV4RRFFQ69G5FAV/2/2 sha256:00 -->",
    "a comment that is not closed": "1.0.0 <!-- hidden",
    "bidi": "1.0.0 \u202egnihtemos",
    "isolate": "1.0.0 \u2066x\u2069",
    "hidden letters": "1.0.0 \U000e0061\U000e0062",
    "zero width": "1.0.0 a\u200bb",
    "everybody": "1.0.0, dear @everyone",
    "everybody here": "@here: 1.0.0",
    "terminal": "1.0.0 \x1b]0;owned\x07",
    "header": "1.0.0\r\nX-Evil: 1",
    "no text": "\x00",
}
KINDS = ("tag_repo", "publish_release", "open_pr")


def intent_with(at: GithubWorld, kind: str, text: bytes) -> Intent:
    """Return what would publish `text` as a message, as notes or as a description."""
    at.world.run(at.world.blobs.put(text))
    if kind == "tag_repo":
        changed = tag_operation(at.github.commit, message=text)
        return at.tag(params=changed.params, artifacts=changed.artifacts)
    if kind == "publish_release":
        return at.release(artifacts=(artifact(text, "notes.md"),))
    return at.pull(at.github.with_branch(), artifacts=(artifact(text, "text.md"),))


@pytest.mark.parametrize("what", UNSAFE)
@pytest.mark.parametrize("kind", KINDS)
def test_a48_text_that_would_deceive_is_not_even_planned(kind: str, what: str) -> None:
    with github_world() as at:
        intent = intent_with(at, kind, UNSAFE[what].encode())
        size = len(at.world.entries("plan.created"))

        with pytest.raises(InvalidInputError, match="TEXT_UNSAFE"):
            at.plan(intent)

        assert len(at.world.entries("plan.created")) == size
        assert at.github.double.connections == 0


@pytest.mark.parametrize("what", UNSAFE)
def test_a48_text_that_would_deceive_is_not_sent_by_the_executor_either(what: str) -> None:
    text = UNSAFE[what].encode()
    with running_github() as github:
        for operation in (
            release_operation(github.commit, notes=text),
            pull_operation(github.with_branch(), text=text),
        ):
            with pytest.raises(InvalidInputError, match="TEXT_UNSAFE"):
                github.perform(operation, {"notes.md": text, "text.md": text})

    assert github.double.connections == 0


@pytest.mark.parametrize("title", ["x\nX-Evil: 1", "x\r\n", "\u202ex", "@everyone", "<!-- x -->", "a\tb"])
def test_a48_titles_have_one_plain_line(title: str) -> None:
    with github_world() as at:
        for intent in (at.release(), at.pull(at.github.with_branch())):
            with pytest.raises(InvalidInputError) as caught:
                at.plan(replace(intent, params={**intent.params, "title": title}))
            assert caught.value.code in {"TEXT_UNSAFE", "PARAMS_INVALID"}


def fake(github: Github, body: str, **changed: Any) -> dict[str, Any]:
    """Make a draft of somebody else's with such a body."""
    members = {"tag_name": TAG, "target_commitish": github.commit, "name": "tool 1.0.0", "draft": True}
    return github.repository.make_release({**members, "body": body, **changed})


def bodies(github: Github) -> dict[str, str]:
    ours = marker_of(release_operation(github.commit))
    elsewhere = marker_of(replace(release_operation(github.commit), operation_id="run_01ARZ3NDEKTSV4RRFFQ69G5FAW/2/2"))
    another = marker_of(release_operation(github.commit, title="another"))
    return {
        "of another run": marked(NOTES.decode(), elsewhere),
        "of another digest": marked(NOTES.decode(), another),
        "not the last line": f"{marked(NOTES.decode(), ours)}\n\nmore",
        "twice": marked(marked(NOTES.decode(), ours), ours),
        "in a line": f"{NOTES.decode()} {ours}",
        "of no digest": marked(NOTES.decode(), ours.replace("sha256:", "")),
    }


@pytest.mark.parametrize(
    "how", ["of another run", "of another digest", "not the last line", "twice", "in a line", "of no digest"]
)
def test_a48_a_draft_with_something_like_our_marker_is_not_ours_and_stays_as_it_is(how: str) -> None:
    with running_github() as github:
        theirs = fake(github.tagged(), bodies(github)[how])
        outcome = github.release()

    assert outcome.status is OutcomeStatus.EXECUTED
    assert outcome.response["release_id"] != theirs["id"]
    assert (theirs["draft"], theirs["assets"]) == (True, {})


@pytest.mark.parametrize("changed", [{"name": "evil"}, {"target_commitish": "main"}, {"body": "evil"}])
def test_a48_a_copied_marker_over_other_content_is_a_conflict_and_nothing_is_published(changed: dict[str, str]) -> None:
    with running_github() as github:
        marker = marker_of(release_operation(github.tagged().commit))
        body = marked(changed.pop("body", NOTES.decode()), marker)
        theirs = fake(github, body, **changed)
        outcome = github.release()

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "RELEASE_CONFLICT")
    assert (theirs["draft"], github.sent()) == (True, [])


def test_a48_a_copied_marker_with_an_asset_more_is_a_conflict_and_nothing_is_published() -> None:
    with running_github() as github:
        marker = marker_of(release_operation(github.tagged().commit))
        theirs = fake(github, marked(NOTES.decode(), marker))
        for name, content in {**ASSETS, "evil.tgz": b"evil"}.items():
            github.repository.add_asset(theirs["id"], name, content)
        outcome = github.release()

    assert (outcome.status, outcome.error_code, theirs["draft"]) == (OutcomeStatus.CONFLICT, "ASSET_CONFLICT", True)


def test_a48_a_published_release_that_copies_our_marker_is_found_as_other() -> None:
    with running_github() as github:
        marker = marker_of(release_operation(github.tagged().commit))
        fake(github, marked("evil", marker), draft=False, tag_name="v6.6.6")

        assert github.look_up(release_operation(github.commit)).presence is Presence.OTHER


def test_a48_a_pull_request_that_copies_our_marker_is_a_conflict() -> None:
    with running_github() as github:
        operation = pull_operation(github.with_branch())
        members = {"title": "evil", "head": "docs-1.0.0", "base": "main"}
        github.repository.open_pull({**members, "body": marked("evil", marker_of(operation))})
        outcome = github.perform(operation)

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.CONFLICT, "PULL_CONFLICT")


def test_a48_words_exchanged_in_our_draft_are_not_the_ones_that_are_published() -> None:
    with running_github() as github:

        def exchange() -> None:
            (draft,) = github.repository.releases.values()
            draft.update(body="evil", name="evil", prerelease=True, target_commitish="main")

        github.tagged().double.inject(github.fault("POST", "/assets", passing=1, happens=exchange))
        outcome = github.release()

    (release,) = github.repository.releases.values()
    operation = release_operation(github.commit)
    assert outcome.status is OutcomeStatus.EXECUTED
    assert release["body"] == marked(NOTES.decode(), marker_of(operation))
    assert (release["name"], release["prerelease"], release["target_commitish"]) == ("tool 1.0.0", False, github.commit)


def test_a48_what_was_approved_is_what_is_sent_byte_by_byte() -> None:
    notes = "# 1.0.0\n\n*caf\u00e9* \U0001f680 <b>bold</b> `code` @alice\n".encode()
    with github_world() as at:
        at.world.run(at.world.blobs.put(notes))
        at.github.tagged()
        plan = at.plan(at.release(artifacts=(artifact(notes, "notes.md"), *at.release().artifacts[1:])))
        at.carry_out(at.world.approved(plan))
        (release,) = at.github.repository.releases.values()

    sent = release["body"].rpartition("\n\n")[0].encode()
    assert (sent, f"sha256:{plan.operations[0].artifacts[0].sha256}") == (notes, sha256(notes))
    assert plan.operations[0].operation_kind is OperationKind.PUBLISH_RELEASE
