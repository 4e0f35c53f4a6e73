"""The keys of objects: relative paths of plain segments, and never outside their subject (contract 6).

Policy speaks about subjects; a key that left its subject would escape the policy. No segment
begins with a dot, so that no operation reaches what executors keep for themselves.
"""

from __future__ import annotations

import re

from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.authorization.operation import Operation, Subject
from placet.errors import DeniedError, EffectError

_SEGMENT = re.compile(r"[A-Za-z0-9@_][A-Za-z0-9@._+~-]{0,254}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LIMIT = 1024
_FACT = "object:"


def split_key(key: str) -> tuple[str, ...]:
    """Return the segments of `key`.

    Raise `EffectError` (`EGRESS_DENIED`) for an absolute key, an empty, `.` or `..` segment, one
    that starts or ends with a dot, a backslash, NUL, percent sign or anything else outside
    `[A-Za-z0-9@._+~-]`, a name that some systems reserve, or more than 1024 characters.
    """
    segments = tuple(key.split("/"))
    if len(key) > _LIMIT or any(not _is_plain(segment) for segment in segments):
        raise EffectError(
            "EGRESS_DENIED",
            f"nothing was opened: {key[:120]!r} is no object key",
            hint="keys look like packages/@acme/tool/1.0.0.tgz",
        )
    return segments


def key_of(operation: Operation) -> tuple[str, ...]:
    """Return the segments of the key that a `put_object` writes.

    Raise `EffectError` (`EGRESS_DENIED`) where its parameters are not one key inside its subject.
    """
    if set(operation.params) != {"key"} or not isinstance(operation.params["key"], str):
        raise EffectError("EGRESS_DENIED", "nothing was opened: the parameter of put_object is its key, and no other")
    return _inside(split_key(operation.params["key"]), operation.subject)


def key_of_fact(fact: str, subject: Subject) -> tuple[str, ...] | None:
    """Return the segments of the key that fact `object:KEY` is about, None for another fact; raise as `key_of`."""
    if not fact.startswith(_FACT):
        return None
    return _inside(split_key(fact.removeprefix(_FACT)), subject)


def only_content(authorized: AuthorizedOperation) -> bytes:
    """Return the bytes of the one artifact of a `put_object`; raise `DeniedError` (`ARTIFACT_MISMATCH`) for more."""
    artifacts = authorized.operation.artifacts
    if len(artifacts) != 1:
        raise DeniedError("ARTIFACT_MISMATCH", f"an object is one artifact, the plan names {len(artifacts)}")
    return authorized.contents[artifacts[0].name]


def _inside(segments: tuple[str, ...], subject: Subject) -> tuple[str, ...]:
    stem = ("packages", *subject.name.split("/"))
    if segments[:-1] != stem or not segments[-1].startswith(f"{subject.version}."):
        raise EffectError("EGRESS_DENIED", f"nothing was opened: {'/'.join(segments)} is no object of {subject}")
    return segments


def _is_plain(segment: str) -> bool:
    return (
        _SEGMENT.fullmatch(segment) is not None and not segment.endswith(".") and _RESERVED.fullmatch(segment) is None
    )
