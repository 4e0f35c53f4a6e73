"""What a core operation is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct, field

from placet.core.context import Context
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey, Snapshot
from placet.errors import InvalidInputError

PROVIDER = "core"
"""The provider id of operations that our own store performs."""


class Performance(Struct, frozen=True, kw_only=True):
    """A core operation being performed: cleared by the checks, against one snapshot, at `now`.

    `receipt` is the receipt's payload, `approvers` are those whose approvals it counts, `contents`
    the artifacts' bytes, `entry_id` is the id of the entry that will record it, `numbers` the numbers
    drawn for it, by sequence.
    """

    context: Context
    snapshot: Snapshot
    now: datetime
    plan: Plan
    operation: Operation
    receipt_id: str
    receipt: Object
    approvers: tuple[str, ...]
    contents: Mapping[str, bytes]
    entry_id: str
    numbers: Mapping[EntityKey, int] = field(default_factory=dict)

    def content(self, name: str) -> bytes:
        """Return the bytes of the artifact `name`; raise `InvalidInputError` (`PLAN_INVALID`) where it has none."""
        if name not in self.contents:
            raise InvalidInputError("PLAN_INVALID", f"the operation has no artifact {name}")
        return self.contents[name]

    def text(self, name: str) -> str:
        """Return the operation's text parameter `name`, empty where it has none."""
        value = self.operation.params.get(name, "")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of the operation's list parameter `name`, none where it has none."""
        values = self.operation.params.get(name)
        return tuple(each for each in values if isinstance(each, str)) if isinstance(values, list) else ()


class Deed(Struct, frozen=True, kw_only=True):
    """What a core operation writes besides its receipt: the entry's type and data, entities, once keys.

    `certificate_id` is the certificate that its run has from now on, empty where it got none.
    """

    type: str
    data: Object
    writes: Mapping[EntityKey, Object | None]
    once: tuple[str, ...] = ()
    response: Object = field(default_factory=dict)
    certificate_id: str = ""


def _none(operation: Operation, now: datetime) -> tuple[EntityKey, ...]:  # noqa: ARG001 - one shape for all acts
    """Return no sequence."""
    return ()


class Act(Struct, frozen=True, kw_only=True):
    """One kind of core operation: what it rests on, what it does, and the sequences that it takes numbers from."""

    premises: Callable[[Operation, datetime], set[EntityKey]]
    perform: Callable[[Performance], Deed]
    sequences: Callable[[Operation, datetime], tuple[EntityKey, ...]] = _none
