from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.authorization.operation import Artifact, Operation
from placet.domain.authorization.repository_operations import (
    check_operation,
    check_texts,
    marked,
    marker_of,
    read_pull,
    read_release,
    read_tag,
)
from placet.domain.encoding.git_tag import git_sha, tag_object
from placet.domain.values.kinds import Mode, OperationKind
from placet.errors import InvalidInputError
from support.effects import artifact_of
from support.github import MESSAGE, NOTES, TEXT, pull_operation, release_operation, tag_operation, tag_sha
from support.governance import an_operation

COMMIT = "ab" * 20
TAG_OPERATION, RELEASE, PULL = tag_operation(COMMIT), release_operation(COMMIT), pull_operation(COMMIT)
ALL = {"tag_repo": TAG_OPERATION, "publish_release": RELEASE, "open_pr": PULL}
ALL_TEXTS = {"message": MESSAGE, "notes.md": NOTES, "text.md": TEXT}


def with_params(operation: Operation, **params: Any) -> Operation:
    return replace(operation, params={**operation.params, **params})


def refused(code: str, operation: Operation) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_operation(operation)
    assert caught.value.code == code


def test_a_tag_is_read_with_all_that_its_sha_stands_for() -> None:
    planned = read_tag(TAG_OPERATION)

    assert (planned.repository, planned.tag, planned.commit_sha) == ("acme/tool", "v1.0.0", COMMIT)
    assert planned.sha == git_sha("tag", tag_object(COMMIT, "v1.0.0", planned.tagger, MESSAGE))
    assert planned.message.name == "message"


def test_a_release_is_its_notes_and_everything_else_is_an_asset() -> None:
    planned = read_release(RELEASE)

    assert (planned.commit_sha, planned.tag_sha) == (COMMIT, tag_sha(COMMIT))
    assert (planned.title, planned.prerelease, planned.latest) == ("tool 1.0.0", False, True)
    assert planned.notes.name == "notes.md"
    assert [asset.name for asset in planned.assets] == ["tool-1.0.0.tgz", "tool-1.0.0.evidence.json"]


def test_a_pull_request_is_two_branches_and_a_commit() -> None:
    planned = read_pull(PULL)

    assert (planned.head, planned.head_sha, planned.base, planned.draft) == ("docs-1.0.0", COMMIT, "main", False)
    assert (planned.title, planned.text.name) == ("Document 1.0.0", "text.md")


@pytest.mark.parametrize("kind", ALL)
def test_each_kind_names_its_text_and_takes_it(kind: str) -> None:
    (text,) = check_operation(ALL[kind])

    check_texts(ALL[kind], {text.name: ALL_TEXTS[text.name]})


def test_kinds_without_a_schema_here_have_no_text() -> None:
    assert check_operation(an_operation()) == ()
    check_texts(an_operation(), {})


@pytest.mark.parametrize("kind", ALL)
def test_an_unknown_parameter_is_refused(kind: str) -> None:
    refused("PARAMS_INVALID", with_params(ALL[kind], more="x"))


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, each in ALL.items() for name in each.params])
def test_a_missing_or_mistyped_parameter_is_refused(kind: str, name: str) -> None:
    operation = ALL[kind]
    without = {key: value for key, value in operation.params.items() if key != name}

    refused("PARAMS_INVALID", replace(operation, params=without))
    for wrong in (1, "\u202e", ["x"], {"x": "y"}):
        refused("PARAMS_INVALID", with_params(operation, **{name: wrong}))


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        pytest.param(TAG_OPERATION, {"commit_sha": "AB" * 20}, id="a SHA in capitals"),
        pytest.param(TAG_OPERATION, {"commit_sha": "main"}, id="a branch for a SHA"),
        pytest.param(TAG_OPERATION, {"tag_sha": "ab" * 32}, id="a SHA-256"),
        pytest.param(TAG_OPERATION, {"tagger_name": "A <x>"}, id="a tagger that ends its own line"),
        pytest.param(TAG_OPERATION, {"tagger_name": " Placet"}, id="a name that git would trim"),
        pytest.param(TAG_OPERATION, {"tagger_email": "a b@example.com"}, id="no address"),
        pytest.param(TAG_OPERATION, {"tagged_at": "2026-01-02T03:04:05.678Z"}, id="a part of a second"),
        pytest.param(TAG_OPERATION, {"tagged_at": "2026-01-02T03:04:05Z"}, id="another spelling of a time"),
        pytest.param(TAG_OPERATION, {"message": "notes.md"}, id="a text that is not there"),
        pytest.param(RELEASE, {"title": "two\nlines"}, id="a title of two lines"),
        pytest.param(RELEASE, {"title": "x" * 201}, id="a long title"),
        pytest.param(RELEASE, {"title": ""}, id="no title"),
        pytest.param(RELEASE, {"prerelease": True}, id="a latest pre-release"),
        pytest.param(RELEASE, {"latest": "true"}, id="a text for a boolean"),
        pytest.param(PULL, {"base": "docs-1.0.0"}, id="one branch"),
    ],
)
def test_a_parameter_that_could_not_be_meant_is_refused(operation: Operation, params: dict[str, Any]) -> None:
    refused("PARAMS_INVALID", with_params(operation, **params))


@pytest.mark.parametrize("kind", ALL)
def test_names_are_those_of_repositories_tags_and_branches(kind: str) -> None:
    subject = ALL[kind].subject
    refused("NAME_INVALID", replace(ALL[kind], subject=replace(subject, name="Acme/tool")))
    if kind != "open_pr":
        refused("NAME_INVALID", replace(ALL[kind], subject=replace(subject, tag="")))


@pytest.mark.parametrize("branch", ["head", "base"])
def test_branches_are_branches(branch: str) -> None:
    refused("NAME_INVALID", with_params(PULL, **{branch: "refs/heads/main"}))


@pytest.mark.parametrize("operation", [TAG_OPERATION, PULL], ids=["tag_repo", "open_pr"])
def test_an_artifact_that_is_not_sent_is_refused(operation: Operation) -> None:
    refused("PARAMS_INVALID", replace(operation, artifacts=(*operation.artifacts, artifact_of("more", b"x"))))


def test_a_text_that_stands_there_twice_is_refused() -> None:
    refused("PARAMS_INVALID", replace(TAG_OPERATION, artifacts=TAG_OPERATION.artifacts * 2))


@pytest.mark.parametrize(
    "name", ["to ol.tgz", ".hidden", "a..b", "-x", "x.", "caf\u00e9.tgz", "a/b", "x", "a" * 129, "x\n"]
)
def test_an_asset_that_github_would_rename_is_refused(name: str) -> None:
    with_it = (*RELEASE.artifacts, Artifact(name=name, sha256="ab" * 32, sha512="ab" * 64, size=1))
    refused("PARAMS_INVALID", replace(RELEASE, artifacts=with_it))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([artifact_of("TOOL-1.0.0.tgz", b"x")], id="of one name"),
        pytest.param([artifact_of("empty.txt", b"")], id="empty"),
        pytest.param([artifact_of(f"x{number}.txt", b"x") for number in range(99)], id="more than 100"),
    ],
)
def test_assets_that_github_would_refuse_are_refused(more: list[Artifact]) -> None:
    refused("PARAMS_INVALID", replace(RELEASE, artifacts=(*RELEASE.artifacts, *more)))


def test_a_hundred_assets_and_a_release_without_any_are_taken() -> None:
    hundred = {f"x{number}.txt": b"x" for number in range(100)}

    assert len(read_release(release_operation(COMMIT, assets=hundred)).assets) == 100
    assert read_release(release_operation(COMMIT, assets={})).assets == ()


@pytest.mark.parametrize("operation", [RELEASE, PULL], ids=["publish_release", "open_pr"])
def test_a_title_that_calls_everybody_is_refused(operation: Operation) -> None:
    refused("TEXT_UNSAFE", with_params(operation, title="1.0.0 for @everyone"))


def test_a_tag_s_sha_that_is_not_that_of_its_message_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="PARAMS_INVALID"):
        check_texts(TAG_OPERATION, {"message": MESSAGE + b"x"})


@pytest.mark.parametrize("kind", ALL)
def test_unsafe_texts_are_refused(kind: str) -> None:
    (text,) = check_operation(ALL[kind])
    with pytest.raises(InvalidInputError, match="TEXT_UNSAFE"):
        check_texts(ALL[kind], {text.name: b"\xff"})


def other(operation: Operation) -> Operation:
    return with_params(operation, title="another")


def another_id(operation: Operation) -> Operation:
    return replace(operation, operation_id=operation.operation_id[:-1] + "9")


@pytest.mark.parametrize("change", [other, another_id])
def test_a_marker_is_of_one_operation_and_all_that_it_says(change: Callable[[Operation], Operation]) -> None:
    marker = marker_of(RELEASE)

    assert marker == f"<!-- placet {RELEASE.operation_id} {RELEASE.digest(Mode.PROD)} -->"
    assert marker_of(change(RELEASE)) != marker
    assert marked("text", marker).splitlines() == ["text", "", marker]


def test_the_kinds_are_those_of_the_protocol() -> None:
    assert {each.operation_kind for each in ALL.values()} == {
        OperationKind.TAG_REPO,
        OperationKind.PUBLISH_RELEASE,
        OperationKind.OPEN_PR,
    }
