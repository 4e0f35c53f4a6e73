"""Where the providers' records lead now, for comparison with what a plan says (protocol 5)."""

from __future__ import annotations

from collections.abc import Iterable

from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.stored import entity_of
from placet.domain.authorization.operation import Operation
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.kinds import CORE_KINDS


def place_premises(operations: Iterable[Operation]) -> set[EntityKey]:
    """Return the keys of the provider records that the effects of `operations` rest on."""
    return {provider_key(each.subject.provider) for each in operations if each.operation_kind not in CORE_KINDS}


def present_place(snapshot: Snapshot, operation: Operation) -> str:
    """Return where the effect of `operation` goes now; empty for core operations and unknown providers."""
    if operation.operation_kind in CORE_KINDS:
        return ""
    entity = entity_of(snapshot, provider_key(operation.subject.provider))
    return stored_provider(entity).place if entity else ""
