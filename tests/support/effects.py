"""Operations, archives and small fakes of the ports, for tests of what stands behind the effect port."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct, field

from placet.adapters.egress.exchange import Egress
from placet.adapters.files.objects import FolderExecutor
from placet.adapters.github.pull import PullExecutor
from placet.adapters.github.release import ReleaseExecutor
from placet.adapters.github.tag import TagExecutor
from placet.adapters.live.port import Executors, LiveSideEffects
from placet.adapters.npm.executor import NpmExecutor
from placet.adapters.objectstore.executor import ObjectStoreExecutor
from placet.domain.authorization import authorized as door
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Artifact, Operation, Subject
from placet.domain.encoding.canonical import Value
from placet.domain.values.kinds import Mode, OperationKind
from placet.ports.effects import Provider, Secret
from support.seaweed import CREDENTIAL

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOKEN = "npm_canary_9f8e7d6c5b4a"
RUN = "run_01ARZ3NDEKTSV4RRFFQ69G5FAV"


class SettableClock(Struct):
    """A clock that stands where it was set."""

    instant: datetime = NOW

    def now(self) -> datetime:
        return self.instant


class GivenCredentials(Struct):
    """Credentials by provider id, without an environment."""

    secrets: Mapping[str, str] = field(default_factory=lambda: {"npm": TOKEN, "github": TOKEN, "objects": CREDENTIAL})

    def of(self, provider: Provider) -> Secret | None:
        value = self.secrets.get(provider.provider_id)
        return Secret(value) if value is not None else None


class Fence(Struct):
    """Says whether the fence is held, and counts how often it was asked."""

    held: bool = True
    asked: int = 0

    async def holds(self, _: AuthorizedOperation) -> bool:
        self.asked += 1
        return self.held


def make_archive(name: str, version: str, *, files: Mapping[str, str] | None = None, **manifest: object) -> bytes:
    """Return a package archive; the same arguments give the same bytes."""
    contents = {"package.json": json.dumps({"name": name, "version": version, **manifest}), **(files or {})}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, text in contents.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size, member.mode = len(text.encode()), 0o755 if path.startswith("bin/") else 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(stream.getvalue(), mtime=0)


def artifact_of(name: str, content: bytes) -> Artifact:
    sha256, sha512 = hashlib.sha256(content).hexdigest(), hashlib.sha512(content).hexdigest()
    return Artifact(name=name, sha256=sha256, sha512=sha512, size=len(content))


def publish_operation(
    archive: bytes, *, name: str = "@acme/tool", version: str = "1.0.0", provider: str = "npm", **params: Value
) -> Operation:
    return Operation(
        operation_id=f"{RUN}/2/1",
        operation_kind=OperationKind.PUBLISH_PACKAGE,
        certificate_id="CERT-PKG-20260102-001",
        subject=Subject(provider=provider, name=name, version=version, tag=""),
        params={"dist_tag": "latest", "access": "", **params},
        artifacts=(artifact_of("archive.tgz", archive),),
        preconditions=(),
    )


def put_operation(content: bytes, *, key: str, name: str = "@acme/tool", version: str = "1.0.0") -> Operation:
    return Operation(
        operation_id=f"{RUN}/2/2",
        operation_kind=OperationKind.PUT_OBJECT,
        certificate_id="CERT-PKG-20260102-001",
        subject=Subject(provider="objects", name=name, version=version, tag=""),
        params={"key": key},
        artifacts=(artifact_of("object", content),),
        preconditions=(),
    )


def authorize(
    operation: Operation, contents: Mapping[str, bytes], *, seconds: float = 30, mode: Mode = Mode.PROD
) -> AuthorizedOperation:
    """Return what the checks would have let through, with a deadline `seconds` after `NOW`."""
    return AuthorizedOperation(
        operation=operation,
        mode=mode,
        receipt_id="fc-receipt-20260102-030405-abc123def456",
        attempt=1,
        fence=7,
        deadline=NOW + timedelta(seconds=seconds),
        contents=contents,
        made_by=door._MADE_BY_THE_CHECKS,
    )


async def no_wait(_: float) -> None:
    """Stand in for sleeping."""


class World(Struct):
    """A live port over given provider records, with everything that a test may turn."""

    npm_url: str = "http://127.0.0.1:9"
    github_url: str = "http://127.0.0.1:9/api/v3"
    folder: Path | None = None
    bucket: Provider | None = None
    trusted: bool = True
    egress: Egress = field(default_factory=Egress)
    credentials: GivenCredentials = field(default_factory=GivenCredentials)
    clock: SettableClock = field(default_factory=SettableClock)
    fence: Fence = field(default_factory=Fence)

    async def find_provider(self, provider_id: str) -> Provider | None:
        records = {
            "npm": Provider(provider_id="npm", kind="npm", url=self.npm_url, credential="env:NPM_TOKEN"),
            "github": Provider(provider_id="github", kind="github", url=self.github_url, credential="env:GITHUB_TOKEN"),
            "objects": self.bucket
            or Provider(provider_id="objects", kind="folder", url=f"file:{self.folder}", credential=""),
        }
        return records.get(provider_id)

    async def is_trusted(self, _: Provider) -> bool:
        return self.trusted

    def objects(self) -> ObjectStoreExecutor:
        return ObjectStoreExecutor(self.egress, self.credentials, self.is_trusted, sleep=no_wait)

    def port(self) -> LiveSideEffects:
        executors: Executors = {
            ("npm", OperationKind.PUBLISH_PACKAGE): NpmExecutor(self.egress, self.credentials, sleep=no_wait),
            ("folder", OperationKind.PUT_OBJECT): FolderExecutor(),
            ("github", OperationKind.TAG_REPO): TagExecutor(self.egress, self.credentials, sleep=no_wait),
            ("github", OperationKind.PUBLISH_RELEASE): ReleaseExecutor(self.egress, self.credentials, sleep=no_wait),
            ("github", OperationKind.OPEN_PR): PullExecutor(self.egress, self.credentials, sleep=no_wait),
            ("s3", OperationKind.PUT_OBJECT): self.objects(),
        }
        return LiveSideEffects(executors, self.find_provider, self.fence.holds, self.clock)
