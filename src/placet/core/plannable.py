"""Refuse what could never be performed before anybody is asked to approve it (protocol 1)."""

from __future__ import annotations

from collections.abc import Iterable

from placet.core.context import Context
from placet.domain.authorization.operation import Operation, read_operation
from placet.domain.authorization.repository_operations import check_operation, check_texts, digest_of


async def check_plannable(context: Context, operations: Iterable[Operation]) -> None:
    """Refuse operations that do not keep their kind's schema, and texts that would not be published.

    Every text must be in the blob store. Raise `InvalidInputError` (`PARAMS_INVALID`, `NAME_INVALID`,
    `TEXT_UNSAFE`, and `PLAN_INVALID` for what no stored plan could be read with again).
    """
    for operation in operations:
        texts = check_operation(operation)
        read_operation(operation.to_object())
        if texts:
            check_texts(operation, {text.name: await context.blobs.get(digest_of(text)) for text in texts})
