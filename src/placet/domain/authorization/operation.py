"""An operation: one intended effect, and the digest that binds a receipt to it (protocol 1 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from placet.domain.encoding.canonical import PLAN_LIMIT_BYTES, Object, Value, encode
from placet.domain.encoding.record import Record
from placet.domain.values.digest import Digest, separated_digest
from placet.domain.values.kinds import Mode, OperationKind

_RUN = r"run_[0-9A-HJKMNP-TV-Z]{26}"
RUN_ID = _RUN
OPERATION_ID = _RUN + r"/[1-9][0-9]{0,3}/[1-9][0-9]{0,3}"
_PLAN_INVALID = "PLAN_INVALID"


class Subject(Struct, frozen=True, kw_only=True):
    """What an operation is about: a provider id, a repository or package, a version, a tag.

    What does not apply is the empty string.
    """

    provider: str
    name: str
    version: str
    tag: str

    def to_object(self) -> Object:
        """Return the four members of the canonical object."""
        return {"provider": self.provider, "name": self.name, "version": self.version, "tag": self.tag}

    @property
    def pattern_text(self) -> str:
        """Return `provider:name`, what a policy's subject patterns are matched with."""
        return f"{self.provider}:{self.name}"

    def __str__(self) -> str:
        """Return `provider:name@version`, for people."""
        return self.pattern_text + (f"@{self.version}" if self.version else "")


class Artifact(Struct, frozen=True, kw_only=True):
    """Bytes that an operation sends or stands on, by digest (hex, no prefix) and size in bytes."""

    name: str
    sha256: str
    sha512: str
    size: int

    def to_object(self) -> Object:
        """Return the four members of the canonical object."""
        return {"name": self.name, "sha256": self.sha256, "sha512": self.sha512, "size": self.size}


class Precondition(Struct, frozen=True, kw_only=True):
    """A fact held by a provider that must be so when the effect is made: `version` `absent`."""

    fact: str
    expected: str

    def to_object(self) -> Object:
        """Return the two members of the canonical object."""
        return {"fact": self.fact, "expected": self.expected}


class Operation(Struct, frozen=True, kw_only=True, dict=True):
    """One intended effect. `operation_id` is `RUN/PLAN/STEP`, unique for ever."""

    operation_id: str
    operation_kind: OperationKind
    certificate_id: str
    subject: Subject
    params: Mapping[str, Value]
    artifacts: tuple[Artifact, ...]
    preconditions: tuple[Precondition, ...]

    def to_object(self) -> Object:
        """Return the members of the canonical object."""
        return {
            "operation_id": self.operation_id,
            "operation_kind": self.operation_kind.value,
            "certificate_id": self.certificate_id,
            **_effect(self),
        }

    def digest(self, mode: Mode) -> Digest:
        """Return the digest over kind, subject, params, artifacts and preconditions.

        One byte of any of them changed after approval gives another digest (protocol 3).
        """
        return separated_digest("operation", mode, self._encoded_effect)

    @cached_property
    def _encoded_effect(self) -> bytes:
        effect = {"operation_kind": self.operation_kind.value, **_effect(self)}
        return encode(effect, limit=PLAN_LIMIT_BYTES)

    @cached_property
    def wanted(self) -> bytes:
        """Return the canonical bytes of subject and params alone: what is wanted, by whatever kind of operation."""
        return encode({"subject": self.subject.to_object(), "params": dict(self.params)}, limit=PLAN_LIMIT_BYTES)


def _effect(operation: Operation) -> Object:
    return {
        "subject": operation.subject.to_object(),
        "params": dict(operation.params),
        "artifacts": [artifact.to_object() for artifact in operation.artifacts],
        "preconditions": [precondition.to_object() for precondition in operation.preconditions],
    }


def read_operation(value: Value) -> Operation:
    """Return the operation that `value` holds, or raise `InvalidInputError` (`PLAN_INVALID`)."""
    record = Record(value, what="operation", code=_PLAN_INVALID)
    operation = Operation(
        operation_id=record.text("operation_id", OPERATION_ID),
        operation_kind=record.choice("operation_kind", OperationKind),
        certificate_id=record.text("certificate_id"),
        subject=read_subject(record.object("subject"), code=_PLAN_INVALID),
        params=record.object("params"),
        artifacts=record.list_of("artifacts", _read_artifact),
        preconditions=record.list_of("preconditions", _read_precondition),
    )
    record.end()
    return operation


def read_subject(value: Value, *, code: str) -> Subject:
    """Return the subject that `value` holds, or raise `InvalidInputError` with `code`."""
    record = Record(value, what="subject", code=code)
    subject = Subject(
        provider=record.text("provider", r"[a-z0-9][a-z0-9.-]{0,63}"),
        name=record.text("name", r"[!-~]{1,256}"),
        version=record.text("version", r"[!-~]{0,256}"),
        tag=record.text("tag", r"[!-~]{0,256}"),
    )
    record.end()
    return subject


def _read_artifact(value: Value) -> Artifact:
    record = Record(value, what="artifact", code=_PLAN_INVALID)
    artifact = Artifact(
        name=record.text("name", r"[!-~]{1,512}"),
        sha256=record.text("sha256", r"[0-9a-f]{64}"),
        sha512=record.text("sha512", r"[0-9a-f]{128}"),
        size=record.integer("size"),
    )
    record.end()
    return artifact


def _read_precondition(value: Value) -> Precondition:
    record = Record(value, what="precondition", code=_PLAN_INVALID)
    precondition = Precondition(
        fact=record.text("fact", r"[a-z][a-z0-9_]*(:[!-~]+)?"), expected=record.text("expected", r"[!-~]([ -~]*[!-~])?")
    )
    record.end()
    return precondition
