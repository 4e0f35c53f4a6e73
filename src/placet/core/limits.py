"""Limits per subject and requester, counted in clock hours, each kind of operation by itself (protocol 4 and 6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile

from placet.core.judgement import Judgement
from placet.domain.authorization.operation import Operation
from placet.domain.authorization.plan import Plan
from placet.domain.log.change import Count


def plan_counters(plan: Plan, judgements: Iterable[Judgement], now: datetime) -> dict[str, Count]:
    """Return what asking for `plan` adds: one per kind for its requester, one per kind for each subject."""
    counters: dict[str, Count] = {}
    for operation, judgement in zip(plan.operations, judgements, strict=True):
        for name, count in _counters("plans", operation, plan.requester, judgement, now).items():
            # several operations may share a counter under different rules: the strictest wins
            counters[name] = Count(add=1, limit=min(count.limit, counters.get(name, count).limit))
    return counters


def reservation_counters(
    operation: Operation, plan: Plan, attempt: int, judgement: Judgement, now: datetime
) -> dict[str, Count]:
    """Return what reserving an attempt of `operation` adds.

    The two objects of one publication count as one: a first attempt adds nothing if an earlier
    step of its plan had the same kind and subject.
    """
    earlier = takewhile(lambda each: each.operation_id != operation.operation_id, plan.operations)
    alike = ((each.operation_kind, each.subject) == (operation.operation_kind, operation.subject) for each in earlier)
    if attempt == 1 and any(alike):
        return {}
    return _counters("reservations", operation, plan.requester, judgement, now)


def _counters(what: str, operation: Operation, requester: str, judgement: Judgement, now: datetime) -> dict[str, Count]:
    counters: dict[str, Count] = {}
    if judgement.per_subject_per_hour is None and judgement.per_requester_per_hour is None:
        return counters
    prefix = f"{now:%Y%m%d%H}/{what}/{operation.operation_kind.value}"
    if judgement.per_subject_per_hour is not None:
        counters[f"{prefix}/subject/{operation.subject.pattern_text}"] = Count(
            add=1, limit=judgement.per_subject_per_hour
        )
    if judgement.per_requester_per_hour is not None:
        counters[f"{prefix}/requester/{requester}"] = Count(add=1, limit=judgement.per_requester_per_hour)
    return counters
