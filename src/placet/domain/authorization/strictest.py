"""Uniting all rules that concern an operation: the strictest wins (protocol 1)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from placet.domain.authorization.approval import PRESENT
from placet.domain.authorization.policy import Demand, Limits, ReceiptTerms, Rule


class Terms(Struct, frozen=True, kw_only=True):
    """What all rules together demand, allow and limit."""

    demands: tuple[Demand, ...]
    receipt: ReceiptTerms
    limits: Limits


def unite(rules: tuple[Rule, ...], *, by_agent: bool) -> Terms:
    """Return the terms of one or more rules taken together.

    Every group that any rule demands, with the highest count and assurance; the shortest receipt;
    the smallest limits. What an agent asks needs assurance 3 everywhere (protocol 6).
    """
    return Terms(
        demands=_unite_demands((demand for rule in rules for demand in rule.demands), PRESENT if by_agent else 0),
        receipt=ReceiptTerms(
            lifetime_seconds=min(rule.receipt.lifetime_seconds for rule in rules),
            max_age_seconds=min(rule.receipt.max_age_seconds for rule in rules),
        ),
        limits=Limits(
            per_subject_per_hour=_least(rule.limits.per_subject_per_hour for rule in rules),
            per_requester_per_hour=_least(rule.limits.per_requester_per_hour for rule in rules),
        ),
    )


def _unite_demands(demands: Iterable[Demand], least_assurance: int) -> tuple[Demand, ...]:
    united: dict[str, Demand] = {}
    for demand in demands:
        known = united.get(demand.group, demand)
        united[demand.group] = Demand(
            group=demand.group,
            count=max(known.count, demand.count),
            assurance=max(known.assurance, demand.assurance, least_assurance),
        )
    return tuple(united[group] for group in sorted(united))


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)
