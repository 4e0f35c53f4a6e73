"""Ask a provider who pushed and who merged what a plan is about, before it is planned (protocol 6)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from placet.core.context import Context
from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.stored import entity_of
from placet.domain.authorization.exclusion import facts_to_observe, is_exclusion
from placet.domain.authorization.operation import Operation, Precondition
from placet.domain.values.kinds import CORE_KINDS
from placet.errors import InvalidInputError


async def with_exclusions(context: Context, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return the operations, each about a commit with who pushed and merged it as preconditions.

    Only providers of the kinds in `Settings.account_kinds` are asked. What they do not tell is
    `unobserved`, and then nobody's approval counts. Raise `InvalidInputError` (`PLAN_INVALID`)
    where such a fact was given instead of observed.
    """
    return tuple([await _with_exclusions(context, each) for each in operations])


async def _with_exclusions(context: Context, operation: Operation) -> Operation:
    facts = facts_to_observe(operation)
    if any(is_exclusion(each) for each in operation.preconditions):
        raise InvalidInputError("PLAN_INVALID", "who pushed and merged is observed, it is not asked for")
    if not facts or operation.operation_kind in CORE_KINDS or not await _tells(context, operation.subject.provider):
        return operation
    observed = [await context.observer.observe(operation.subject, fact) for fact in facts]
    told = tuple(Precondition(fact=each.fact, expected=each.value) for each in observed)
    return replace(operation, preconditions=(*operation.preconditions, *told))


async def _tells(context: Context, provider_id: str) -> bool:
    key = provider_key(provider_id)
    entity = entity_of(await context.store.load([key]), key)
    return entity is not None and stored_provider(entity).kind in context.settings.account_kinds
