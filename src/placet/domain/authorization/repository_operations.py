"""What is asked of a repository, strictly read: a tag, a release, a pull request (protocol 5).

Each kind has one schema: an unknown, missing or mistyped parameter is refused. Everything that a
provider will be sent stands in the operation, so that approvals and receipts are bound to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from placet.domain.authorization.operation import Artifact, Operation
from placet.domain.encoding.git_tag import Tagger, git_sha, tag_object
from placet.domain.encoding.record import Record
from placet.domain.values.digest import Digest
from placet.domain.values.kinds import Mode, OperationKind
from placet.domain.values.published_text import check_title, read_published_text
from placet.domain.values.repository import SHA, RepositoryName, parse_ref_name, parse_repository_name
from placet.errors import InvalidInputError

PARAMS_INVALID = "PARAMS_INVALID"
_TAGGER_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9 ._()\[\]-]{0,98}[A-Za-z0-9)\]])?"
_TAGGER_EMAIL = r"[A-Za-z0-9][A-Za-z0-9._%+\[\]-]{0,126}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,124}[A-Za-z0-9])?"
_TITLE = r"[!-~](?:[ -~]{0,198}[!-~])?"
_ASSET = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,126}[A-Za-z0-9]")
_MOST_ASSETS = 100


class PlannedTag(Struct, frozen=True, kw_only=True):
    """An annotated tag. `sha` is git's name of the tag object, `message` the artifact that it carries."""

    repository: RepositoryName
    tag: str
    commit_sha: str
    sha: str
    tagger: Tagger
    message: Artifact


class PlannedRelease(Struct, frozen=True, kw_only=True):
    """A release of a tag that stands. `tag_sha` is where the tag's ref points: a tag object, or the commit.

    `notes` is the artifact with its text, `assets` what is uploaded; `marker` the line by which it is
    known again as ours.
    """

    repository: RepositoryName
    tag: str
    commit_sha: str
    tag_sha: str
    title: str
    prerelease: bool
    latest: bool
    notes: Artifact
    assets: tuple[Artifact, ...]
    marker: str


class PlannedPull(Struct, frozen=True, kw_only=True):
    """A pull request from one branch of a repository to another, whose head is `head_sha`."""

    repository: RepositoryName
    head: str
    head_sha: str
    base: str
    title: str
    draft: bool
    text: Artifact
    marker: str


def read_tag(operation: Operation) -> PlannedTag:
    """Return the tag of a `tag_repo`, or raise `InvalidInputError` (`PARAMS_INVALID`, `NAME_INVALID`)."""
    record = _params(operation)
    planned = PlannedTag(
        repository=parse_repository_name(operation.subject.name),
        tag=parse_ref_name(operation.subject.tag),
        commit_sha=record.text("commit_sha", SHA),
        sha=record.text("tag_sha", SHA),
        tagger=Tagger(
            name=record.text("tagger_name", _TAGGER_NAME),
            email=record.text("tagger_email", _TAGGER_EMAIL),
            at=_whole_seconds(record.instant("tagged_at"), record),
        ),
        message=_artifact(operation, record.text("message"), record),
    )
    record.end()
    _check_nothing_else(operation, (planned.message,), record)
    return planned


def read_release(operation: Operation) -> PlannedRelease:
    """Return the release of a `publish_release`, or raise as `read_tag`; also `TEXT_UNSAFE` for its title."""
    record = _params(operation)
    notes = _artifact(operation, record.text("notes"), record)
    assets = tuple(artifact for artifact in operation.artifacts if artifact is not notes)
    _check_assets(assets, record)
    planned = PlannedRelease(
        repository=parse_repository_name(operation.subject.name),
        tag=parse_ref_name(operation.subject.tag),
        commit_sha=record.text("commit_sha", SHA),
        tag_sha=record.text("tag_sha", SHA),
        title=check_title(record.text("title", _TITLE)),
        prerelease=record.flag("prerelease"),
        latest=record.flag("latest"),
        notes=notes,
        assets=assets,
        marker=marker_of(operation),
    )
    record.end()
    if planned.prerelease and planned.latest:
        record.refuse("name a pre-release the latest release")
    return planned


def read_pull(operation: Operation) -> PlannedPull:
    """Return the pull request of an `open_pr`, or raise as `read_release`."""
    record = _params(operation)
    planned = PlannedPull(
        repository=parse_repository_name(operation.subject.name),
        head=parse_ref_name(record.text("head")),
        head_sha=record.text("head_sha", SHA),
        base=parse_ref_name(record.text("base")),
        title=check_title(record.text("title", _TITLE)),
        draft=record.flag("draft"),
        text=_artifact(operation, record.text("text"), record),
        marker=marker_of(operation),
    )
    record.end()
    if planned.head == planned.base:
        record.refuse("name one branch as head and as base")
    _check_nothing_else(operation, (planned.text,), record)
    return planned


def marker_of(operation: Operation) -> str:
    """Return the comment by which an operation's release or pull request is known again.

    It names the operation and its digest. Text that could pass for it is not published
    (`read_published_text`), and what carries it counts only where all of its content is as planned.
    """
    return f"<!-- placet {operation.operation_id} {operation.digest(Mode.PROD)} -->"


def marked(text: str, marker: str) -> str:
    """Return a published text with its marker, the last line."""
    return f"{text}\n\n{marker}"


def check_operation(operation: Operation) -> tuple[Artifact, ...]:
    """Refuse an operation that does not keep its kind's schema; return the artifacts that are texts.

    Kinds without a schema here have their own. Raise as `read_tag` and `read_release`.
    """
    if operation.operation_kind is OperationKind.TAG_REPO:
        return (read_tag(operation).message,)
    if operation.operation_kind is OperationKind.PUBLISH_RELEASE:
        return (read_release(operation).notes,)
    if operation.operation_kind is OperationKind.OPEN_PR:
        return (read_pull(operation).text,)
    return ()


def check_texts(operation: Operation, contents: Mapping[str, bytes]) -> None:
    """Refuse texts that would not be published, and a tag whose SHA is not that of its message.

    Raise `InvalidInputError` (`TEXT_UNSAFE`, `PARAMS_INVALID`).
    """
    for artifact in check_operation(operation):
        read_published_text(contents[artifact.name])
    if operation.operation_kind is OperationKind.TAG_REPO:
        planned = read_tag(operation)
        sha = sha_of_tag(planned, contents[planned.message.name])
        if sha != planned.sha:
            raise InvalidInputError(PARAMS_INVALID, f"the tag's SHA is {sha}, the operation says {planned.sha}")


def sha_of_tag(planned: PlannedTag, message: bytes) -> str:
    """Return git's name of the tag object that `message` makes."""
    return git_sha("tag", tag_object(planned.commit_sha, planned.tag, planned.tagger, message))


def digest_of(artifact: Artifact) -> Digest:
    """Return an artifact's SHA-256 as providers spell it."""
    return Digest(f"sha256:{artifact.sha256}")


def _params(operation: Operation) -> Record:
    return Record(dict(operation.params), what=f"parameters of {operation.operation_kind.value}", code=PARAMS_INVALID)


def _whole_seconds(instant: datetime, record: Record) -> datetime:
    if instant.microsecond:
        record.refuse("have a tagged_at that is not a whole second, as git keeps it")
    return instant


def _artifact(operation: Operation, name: str, record: Record) -> Artifact:
    found = [artifact for artifact in operation.artifacts if artifact.name == name]
    if len(found) != 1:
        record.refuse(f"name a text {name[:80]!a}, of which there is not one artifact")
    return found[0]


def _check_nothing_else(operation: Operation, used: tuple[Artifact, ...], record: Record) -> None:
    if operation.artifacts != used:
        record.refuse("leave artifacts unused")


def _check_assets(assets: tuple[Artifact, ...], record: Record) -> None:
    names = {asset.name.lower() for asset in assets}
    if len(names) != len(assets) or len(assets) > _MOST_ASSETS:
        record.refuse(f"come with assets of one name, or more than {_MOST_ASSETS}")
    for asset in assets:
        if _ASSET.fullmatch(asset.name) is None or asset.size == 0:
            record.refuse(f"come with the asset {asset.name[:80]!a}, which GitHub would rename or refuse")
