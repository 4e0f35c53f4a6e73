"""Operations on a repository of the GitHub double, and the one effect port over them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from placet.adapters.egress.exchange import Egress
from placet.adapters.github.facts import GithubFacts
from placet.adapters.live.port import LiveSideEffects
from placet.demo.github_double import Fault, GithubDouble
from placet.demo.github_double_state import Repository
from placet.domain.authorization.operation import Operation, Subject
from placet.domain.encoding.canonical import Value
from placet.domain.encoding.git_tag import Tagger, git_sha, tag_object
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import format_instant
from placet.ports.effects import Finding, Outcome, Provider
from support.effects import RUN, TOKEN, GivenCredentials, World, artifact_of, authorize

NAME = "acme/tool"
TAG = "v1.0.0"
TAGGED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MESSAGE = b"tool 1.0.0\n\nThe first release.\n"
NOTES = b"# tool 1.0.0\n\nThe *first* release.\n"
TEXT = b"Documents 1.0.0.\n"
ASSETS = {"tool-1.0.0.tgz": b"the archive", "tool-1.0.0.evidence.json": b"{}"}


def tag_sha(commit_sha: str, tag: str = TAG, message: bytes = MESSAGE) -> str:
    tagger = Tagger(name="Placet", email="placet@example.com", at=TAGGED_AT)
    return git_sha("tag", tag_object(commit_sha, tag, tagger, message))


def an_operation(
    kind: OperationKind, contents: Mapping[str, bytes], tag: str, params: Mapping[str, Value], step: int = 1
) -> Operation:
    return Operation(
        operation_id=f"{RUN}/2/{step}",
        operation_kind=kind,
        certificate_id="",
        subject=Subject(provider="github", name=NAME, version="1.0.0" if tag else "", tag=tag),
        params=params,
        artifacts=tuple(artifact_of(name, content) for name, content in contents.items()),
        preconditions=(),
    )


def tag_operation(commit_sha: str, *, message: bytes = MESSAGE, tag: str = TAG, **params: Value) -> Operation:
    given: dict[str, Value] = {
        "commit_sha": commit_sha,
        "tag_sha": tag_sha(commit_sha, tag, message),
        "tagger_name": "Placet",
        "tagger_email": "placet@example.com",
        "tagged_at": format_instant(TAGGED_AT),
        "message": "message",
    }
    return an_operation(OperationKind.TAG_REPO, {"message": message}, tag, {**given, **params})


def release_operation(
    commit_sha: str,
    *,
    assets: Mapping[str, bytes] | None = None,
    notes: bytes = NOTES,
    tag: str = TAG,
    step: int = 2,
    **params: Value,
) -> Operation:
    given: dict[str, Value] = {
        "commit_sha": commit_sha,
        "tag_sha": tag_sha(commit_sha, tag),
        "title": "tool 1.0.0",
        "notes": "notes.md",
        "prerelease": False,
        "latest": True,
    }
    contents = {"notes.md": notes, **(ASSETS if assets is None else assets)}
    return an_operation(OperationKind.PUBLISH_RELEASE, contents, tag, {**given, **params}, step)


def pull_operation(head_sha: str, *, text: bytes = TEXT, step: int = 3, **params: Value) -> Operation:
    given: dict[str, Value] = {
        "head": "docs-1.0.0",
        "head_sha": head_sha,
        "base": "main",
        "title": "Document 1.0.0",
        "text": "text.md",
        "draft": False,
    }
    return an_operation(OperationKind.OPEN_PR, {"text.md": text}, "", {**given, **params}, step)


class Github(Struct):
    """The double with one repository, `acme/tool`, whose `main` is at `commit`."""

    double: GithubDouble
    repository: Repository
    commit: str
    world: World
    contents: dict[str, bytes] = field(
        default_factory=lambda: {"message": MESSAGE, "notes.md": NOTES, "text.md": TEXT, **ASSETS}
    )

    def port(self) -> LiveSideEffects:
        return self.world.port()

    def perform(
        self, operation: Operation, contents: Mapping[str, bytes] | None = None, *, seconds: float = 30
    ) -> Outcome:
        known = {**self.contents, **(contents or {})}
        needed = {artifact.name: known[artifact.name] for artifact in operation.artifacts}
        return asyncio.run(self.port().perform(authorize(operation, needed, seconds=seconds)))

    def look_up(self, operation: Operation) -> Finding:
        return asyncio.run(self.port().look_up(operation))

    def tag(self) -> Outcome:
        return self.perform(tag_operation(self.commit))

    def release(self, **given: Any) -> Outcome:
        """Publish the release; the tag must stand."""
        return self.perform(release_operation(self.commit, **given))

    def tagged(self) -> Github:
        """Return this, with the tag made around Placet's executors."""
        members = {
            "tag": TAG,
            "message": MESSAGE.decode(),
            "object": self.commit,
            "type": "commit",
            "tagger": {"name": "Placet", "email": "placet@example.com", "date": "2026-01-02T03:04:05Z"},
        }
        self.repository.refs[f"refs/tags/{TAG}"] = self.repository.make_tag(members)
        self.repository.effects.clear()
        return self

    def with_branch(self) -> str:
        """Make the branch `docs-1.0.0` and return its commit."""
        return self.repository.commit("docs-1.0.0")

    @staticmethod
    def fault(method: str, path: str = "", *, acts: bool = True, **given: Any) -> Fault:
        """Return what goes wrong with one request, which is carried out all the same unless said otherwise."""
        return Fault(method=method, path=path, acts=acts, **given)

    def effects(self, *kinds: str) -> dict[tuple[str, str], int]:
        """Return how often each thing of these kinds was made."""
        return {key: times for key, times in self.repository.effects.items() if key[0] in kinds}

    def asked_for(self, path: str) -> int:
        """Return how often something below the repository was asked for."""
        return sum(asked.endswith(f"/repos/{NAME}{path}") for _, asked in self.double.requests)

    def sent(self, *methods: str) -> list[tuple[str, str]]:
        """Return the requests that could act, without the address."""
        wanted = methods or ("POST", "PATCH", "DELETE")
        return [
            (method, path.partition(f"/repos/{NAME}")[2]) for method, path in self.double.requests if method in wanted
        ]


def read_fact(github: Github, fact: str, name: str = NAME) -> str:
    """Return a fact as planning reads it."""
    provider = Provider(provider_id="github", kind="github", url=github.double.url, credential="env:GITHUB_TOKEN")
    subject = Subject(provider="github", name=name, version="", tag="")
    return asyncio.run(GithubFacts(Egress(), GivenCredentials()).read(provider, subject, fact))


@contextmanager
def running_github(*, page_cap: int = 100) -> Iterator[Github]:
    """Serve the double with its one repository."""
    with GithubDouble(TOKEN, page_cap=page_cap) as double:
        repository = double.add_repository(NAME)
        commit = repository.refs["refs/heads/main"]
        yield Github(double, repository, commit, World(github_url=double.url))
