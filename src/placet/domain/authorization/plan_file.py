"""A plan that somebody writes down: operations of any outside kind, in a TOML file or posted to a service (protocol 1).

Only the document is judged here. A file names other files, which whoever reads it reads; what is
posted names bytes by digest, and no file of anybody's. What a kind demands of params is `operation_params`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from placet.domain.authorization.document_table import PLAN_FILE, POSTED_PLAN, Table, read_document
from placet.domain.authorization.operation import Precondition
from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, Object, encode
from placet.domain.values.kinds import CORE_KINDS, OperationKind
from placet.errors import InvalidInputError

_TEXTS = ("message", "notes", "text")
"""Texts that may stand in the file: each becomes an artifact, and a param of the same name that names it."""
MOST_OPERATIONS = 64
_WORD = r"[!-~]{0,256}"
_FILE = r"[!-~]{1,512}"
_DIGEST = r"sha256:[0-9a-f]{64}"
OUTSIDE_KINDS = frozenset(OperationKind) - CORE_KINDS
"""Kinds that a plan can ask for: all but those that are performed in our own store."""


class Made(StrEnum):
    """What certifying a package makes, and operations can send: by this name in the file."""

    TARBALL = "tarball"
    CERTIFICATE = "certificate"
    STATEMENT = "statement"


class WantedPackage(Struct, frozen=True, kw_only=True):
    """The package to certify, stamp, sign, publish and register, and how the registry knows it.

    `path` is a folder or tarball, in what is posted the archive's digest; then `name` and `version` say what it
    has to be.
    """

    path: str
    dist_tag: str
    access: str
    name: str = ""
    version: str = ""


class WantedArtifact(Struct, frozen=True, kw_only=True):
    """Bytes to send: what the package makes, a `file` beside the plan file, or `content` given in it.

    In what is posted, `file` is a digest.
    """

    name: str
    made: Made | None = None
    file: str = ""
    content: bytes = b""


class WantedOperation(Struct, frozen=True, kw_only=True):
    """One operation as the file has it; what it leaves out is empty."""

    place: str
    kind: OperationKind
    provider: str
    name: str
    version: str
    tag: str
    params: Object
    artifacts: tuple[WantedArtifact, ...]
    preconditions: tuple[Precondition, ...]


class PlanFile(Struct, frozen=True, kw_only=True):
    """What a plan file asks for, in order."""

    package: WantedPackage | None
    operations: tuple[WantedOperation, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Return the path, or the digest, of each file that operations send, once."""
        named = (artifact.file for operation in self.operations for artifact in operation.artifacts)
        return tuple(dict.fromkeys(path for path in named if path))

    @property
    def registry(self) -> str:
        """Return the provider that the package is published to, empty where the file has none."""
        return next((each.provider for each in self.operations if each.kind is OperationKind.PUBLISH_PACKAGE), "")


def parse_plan_file(document: bytes) -> PlanFile:
    """Return what the TOML `document` asks for.

    Raise `InvalidInputError` (`PLAN_FILE_INVALID`), naming line or key, for what is no TOML of
    `read_document`, unknown keys, kinds that are performed in our own store, artifacts of a package
    that the file does not have, and a package without exactly one `publish_package`, or the reverse:
    nothing is published uncertified.
    """
    return _read_plan(read_document(document, PLAN_FILE))


def parse_posted_plan(members: Mapping[str, object]) -> PlanFile:
    """Return what the members of a posted document ask for, of the same keys as a file but where bytes are named.

    `[package]` has `archive`, the digest, with `name` and `version` in the place of `path`; artifacts have
    `digest` in that of `file`. Raise `InvalidInputError` as `parse_plan_file`, and for every path.
    """
    return _read_plan(Table(members, "", POSTED_PLAN))


def _read_plan(top: Table) -> PlanFile:
    package = _read_package(top.table("package")) if "package" in top.names() else None
    operations = tuple(_read_operation(table) for table in top.tables("operation"))
    top.end()
    if not 1 <= len(operations) <= MOST_OPERATIONS:
        top.refuse_at("operation", f"has {len(operations)} elements, from 1 to {MOST_OPERATIONS} are allowed")
    _check_package(top, package, operations)
    return PlanFile(package=package, operations=operations)


def _read_package(table: Table) -> WantedPackage:
    posted = _is_posted(table, "path", "archive")
    package = WantedPackage(
        path=table.text("archive", _DIGEST) if posted else table.text("path", _FILE),
        dist_tag=table.text("dist_tag", _WORD, default=""),
        access=table.text("access", "public|restricted", default=""),
        name=table.text("name", r"[!-~]{1,256}") if posted else "",
        version=table.text("version", r"[!-~]{1,256}") if posted else "",
    )
    table.end()
    return package


def _read_operation(table: Table) -> WantedOperation:
    operation = WantedOperation(
        place=table.place,
        kind=_read_kind(table),
        provider=table.text("provider", r"[a-z0-9][a-z0-9.-]{0,63}"),
        name=table.text("name", _WORD, default=""),
        version=table.text("version", _WORD, default=""),
        tag=table.text("tag", _WORD, default=""),
        params=_read_params(table),
        artifacts=_read_artifacts(table),
        preconditions=_read_preconditions(table),
    )
    table.end()
    _check_operation(table, operation)
    return operation


def _read_kind(table: Table) -> OperationKind:
    kind = table.text("kind", r"[a-z_]{1,64}")
    if kind not in OUTSIDE_KINDS:
        known = ", ".join(sorted(OUTSIDE_KINDS))
        table.refuse_at("kind", f"is {kind}: a plan file can ask for {known}")
    return OperationKind(kind)


def _read_params(table: Table) -> Object:
    """Return the params: whatever the profile of plans can hold; floats and dates it cannot."""
    params = {**{name: name for name in _texts(table)}, **table.members("params")}
    try:
        encode(params, limit=PLAN_LIMIT_BYTES)
    except InvalidInputError as error:
        table.refuse_at("params", f"holds what no plan can: {error.message}")
    return params


def _texts(table: Table) -> list[str]:
    return [name for name in _TEXTS if name in table.names()]


def _read_artifacts(table: Table) -> tuple[WantedArtifact, ...]:
    """Return `artifact = "tarball"`, the elements of `artifacts`, and each text as an artifact of its own."""
    artifacts = []
    if "artifact" in table.names():
        made = Made(table.text("artifact", "|".join(Made)))
        artifacts.append(WantedArtifact(name=made.value, made=made))
    if "artifacts" in table.names():
        artifacts += [_read_artifact(each) for each in table.tables("artifacts")]
    for name in _texts(table):
        artifacts.append(WantedArtifact(name=name, content=table.text(name, r"(?s).*\S.*").encode()))
    named = [artifact.name for artifact in artifacts]
    if len(set(named)) != len(named):
        table.refuse_at("artifacts", "has two of one name")
    return tuple(artifacts)


def _read_artifact(table: Table) -> WantedArtifact:
    made = table.text("made", "|".join(Made), default="")
    posted = _is_posted(table, "file", "digest")
    key, pattern = ("digest", _DIGEST) if posted else ("file", _FILE)
    file = table.text(key, pattern, default="")
    if bool(made) == bool(file):
        table.refuse_at(key, "or made, one of the two, must say where the bytes come from")
    artifact = WantedArtifact(
        name=table.text("name", _FILE, default=made or file.rpartition("/")[2]),
        made=Made(made) if made else None,
        file=file,
    )
    table.end()
    return artifact


def _is_posted(table: Table, path: str, digest: str) -> bool:
    """Tell whether bytes are named by digest here; refuse a path where they are."""
    posted = table.kind is POSTED_PLAN
    if posted and path in table.names():
        table.refuse_at(path, f"names a file: what is posted names bytes by {digest}, once they are uploaded")
    return posted


def _read_preconditions(table: Table) -> tuple[Precondition, ...]:
    if "preconditions" not in table.names():
        return ()
    found = []
    for each in table.tables("preconditions"):
        fact = each.text("fact", r"[a-z][a-z0-9_]*(:[!-~]+)?")
        found.append(Precondition(fact=fact, expected=each.text("expected", r"[!-~]+")))
        each.end()
    return tuple(found)


def _check_operation(table: Table, operation: WantedOperation) -> None:
    """Refuse what `publish_package` takes from the package alone, and what nothing would be about."""
    if operation.kind is not OperationKind.PUBLISH_PACKAGE:
        return
    made = [artifact.made for artifact in operation.artifacts]
    given = (operation.name, operation.version, operation.tag)
    if any(given) or operation.params or operation.preconditions or made not in ([], [Made.TARBALL]):
        table.kind.refuse(operation.place, "publishes what [package] says: it has a kind and a provider, nothing else")


def _check_package(top: Table, package: WantedPackage | None, operations: Sequence[WantedOperation]) -> None:
    publishing = [each for each in operations if each.kind is OperationKind.PUBLISH_PACKAGE]
    if package is not None and len(publishing) != 1:
        top.kind.refuse("package", f"is published by {len(publishing)} operations: one publish_package is needed")
    if package is None and publishing:
        top.kind.refuse(publishing[0].place, "needs a [package]: nothing is published uncertified")
    for operation in operations:
        if package is None and any(artifact.made for artifact in operation.artifacts):
            top.kind.refuse(operation.place, "sends what only a [package] makes")
        if not operation.name and (package is None or operation.kind not in _ABOUT_THE_PACKAGE):
            top.kind.refuse(operation.place, "has no name: what is it about?")


_ABOUT_THE_PACKAGE = frozenset({OperationKind.PUBLISH_PACKAGE, OperationKind.PUT_OBJECT})
"""Kinds that are about the package where they do not say otherwise."""
