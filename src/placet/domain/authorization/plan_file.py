"""A plan file: operations of any outside kind that somebody wants in one plan, read from TOML (protocol 1).

Only the document is judged here. The files that it names are read by whoever reads it, and what
a kind demands of params is `operation_params`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from placet.domain.authorization.document_table import PLAN_FILE, Table, read_document
from placet.domain.authorization.operation import Precondition
from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, Object, encode
from placet.domain.values.kinds import CORE_KINDS, OperationKind
from placet.errors import InvalidInputError

_TEXTS = ("message", "notes", "text")
"""Texts that may stand in the file: each becomes an artifact, and a param of the same name that names it."""
_MOST_OPERATIONS = 64
_WORD = r"[!-~]{0,256}"
_FILE = r"[!-~]{1,512}"
_OUTSIDE = frozenset(OperationKind) - CORE_KINDS


class Made(StrEnum):
    """What certifying a package makes, and operations can send: by this name in the file."""

    TARBALL = "tarball"
    CERTIFICATE = "certificate"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPackage:
    """The package to certify, stamp, sign, publish and register: a folder or tarball, and how the registry knows it."""

    path: str
    dist_tag: str
    access: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedArtifact:
    """Bytes to send: what the package makes, a file beside the plan file, or `content` given in it."""

    name: str
    made: Made | None = None
    file: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOperation:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What a plan file asks for, in order."""

    package: WantedPackage | None
    operations: tuple[WantedOperation, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Return the path of each file that operations send, once."""
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
    top = read_document(document, PLAN_FILE)
    package = _read_package(top.table("package")) if "package" in top.names() else None
    operations = tuple(_read_operation(table) for table in top.tables("operation"))
    top.end()
    if not 1 <= len(operations) <= _MOST_OPERATIONS:
        PLAN_FILE.refuse("operation", f"has {len(operations)} elements, from 1 to {_MOST_OPERATIONS} are allowed")
    _check_package(package, operations)
    return PlanFile(package=package, operations=operations)


def _read_package(table: Table) -> WantedPackage:
    package = WantedPackage(
        path=table.text("path", _FILE),
        dist_tag=table.text("dist_tag", _WORD, default=""),
        access=table.text("access", "public|restricted", default=""),
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
    _check_operation(operation)
    return operation


def _read_kind(table: Table) -> OperationKind:
    kind = table.text("kind", r"[a-z_]{1,64}")
    if kind not in _OUTSIDE:
        known = ", ".join(sorted(_OUTSIDE))
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
    file = table.text("file", _FILE, default="")
    if bool(made) == bool(file):
        table.refuse_at("file", "or made, one of the two, must say where the bytes come from")
    artifact = WantedArtifact(
        name=table.text("name", _FILE, default=made or file.rpartition("/")[2]),
        made=Made(made) if made else None,
        file=file,
    )
    table.end()
    return artifact


def _read_preconditions(table: Table) -> tuple[Precondition, ...]:
    if "preconditions" not in table.names():
        return ()
    found = []
    for each in table.tables("preconditions"):
        fact = each.text("fact", r"[a-z][a-z0-9_]*(:[!-~]+)?")
        found.append(Precondition(fact=fact, expected=each.text("expected", r"[!-~]+")))
        each.end()
    return tuple(found)


def _check_operation(operation: WantedOperation) -> None:
    """Refuse what `publish_package` takes from the package alone, and what nothing would be about."""
    if operation.kind is not OperationKind.PUBLISH_PACKAGE:
        return
    made = [artifact.made for artifact in operation.artifacts]
    given = (operation.name, operation.version, operation.tag)
    if any(given) or operation.params or operation.preconditions or made not in ([], [Made.TARBALL]):
        PLAN_FILE.refuse(operation.place, "publishes what [package] says: it has a kind and a provider, nothing else")


def _check_package(package: WantedPackage | None, operations: Sequence[WantedOperation]) -> None:
    publishing = [each for each in operations if each.kind is OperationKind.PUBLISH_PACKAGE]
    if package is not None and len(publishing) != 1:
        PLAN_FILE.refuse("package", f"is published by {len(publishing)} operations: one publish_package is needed")
    if package is None and publishing:
        PLAN_FILE.refuse(publishing[0].place, "needs a [package]: nothing is published uncertified")
    for operation in operations:
        if package is None and any(artifact.made for artifact in operation.artifacts):
            PLAN_FILE.refuse(operation.place, "sends what only a [package] makes")
        if not operation.name and (package is None or operation.kind not in _ABOUT_THE_PACKAGE):
            PLAN_FILE.refuse(operation.place, "has no name: what is it about?")


_ABOUT_THE_PACKAGE = frozenset({OperationKind.PUBLISH_PACKAGE, OperationKind.PUT_OBJECT})
"""Kinds that are about the package where they do not say otherwise."""
