"""What stands where a governed act would put something else (protocol 6)."""

from __future__ import annotations

from collections.abc import Iterable

from placet.core.entities.governance import POLICY_IN_FORCE, principal_key, provider_key
from placet.core.entities.stored import entity_of
from placet.core.entities.trust import issuer_key
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import OperationKind

_ABSENT = "absent"
_PRINCIPALS = frozenset(
    {OperationKind.ENROL_PRINCIPAL, OperationKind.CHANGE_ROLE, OperationKind.CHANGE_APPROVER_KEY},
)


def replaced_premises(operations: Iterable[Operation]) -> set[EntityKey]:
    """Return the keys of what `operations` would replace."""
    return {key for each in operations if (key := _replaced_key(each)) is not None}


def standing_before(snapshot: Snapshot, operation: Operation) -> str:
    """Return the digest of what `operation` would replace as it stands now, `absent` where nothing does.

    Empty for operations that replace nothing.
    """
    key = _replaced_key(operation)
    if key is None:
        return ""
    entity = entity_of(snapshot, key)
    return sha256(entity.content) if entity is not None else _ABSENT


def _replaced_key(operation: Operation) -> EntityKey | None:
    name = operation.subject.name
    if operation.operation_kind is OperationKind.ACTIVATE_POLICY:
        return POLICY_IN_FORCE
    if operation.operation_kind is OperationKind.CHANGE_EXECUTOR:
        return provider_key(name)
    if operation.operation_kind is OperationKind.CHANGE_TRUST:
        return issuer_key(name)
    return principal_key(name) if operation.operation_kind in _PRINCIPALS else None
