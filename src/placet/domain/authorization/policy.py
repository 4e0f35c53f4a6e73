"""A policy: who may ask for what, which approvals it takes, and the limits (protocol 6)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from placet.domain.authorization.operation import Operation
from placet.domain.authorization.pattern import Pattern, SubjectPattern
from placet.domain.values.digest import Digest


class Demand(Struct, frozen=True, kw_only=True):
    """Approvals that must be there: `count` distinct members of `group`, each of `assurance` or more."""

    group: str
    count: int
    assurance: int


class Limits(Struct, frozen=True, kw_only=True):
    """How many plans and reservations an hour may see; None is no limit of this policy."""

    per_subject_per_hour: int | None = None
    per_requester_per_hour: int | None = None


class ReceiptTerms(Struct, frozen=True, kw_only=True):
    """How long a receipt is valid after it was issued, and how old it may get at all."""

    lifetime_seconds: int
    max_age_seconds: int


class Rule(Struct, frozen=True, kw_only=True):
    """One rule: it concerns the operations that match all three of kind, subject and requester.

    An empty `demands` is written out in the document as `approvals = []`. `context` says, by claim,
    what the requester's verified identity must say of the request.
    """

    operations: frozenset[str]
    subjects: tuple[SubjectPattern, ...]
    requesters: tuple[Pattern, ...]
    demands: tuple[Demand, ...]
    limits: Limits
    receipt: ReceiptTerms
    context: tuple[tuple[str, tuple[Pattern, ...]], ...] = ()

    def unmet(self, claims: Mapping[str, str]) -> tuple[str, ...]:
        """Return the claims that `context` demands and `claims` lacks or has otherwise."""
        return tuple(
            name for name, values in self.context if not any(value.matches(claims.get(name, "")) for value in values)
        )

    def concerns(self, operation: Operation, requester: str) -> bool:
        """Tell whether the rule says something about `operation` when `requester` asks for it."""
        return (
            operation.operation_kind.value in self.operations
            and any(pattern.matches(operation.subject) for pattern in self.subjects)
            and any(pattern.matches(requester) for pattern in self.requesters)
        )


class Policy(Struct, frozen=True, kw_only=True):
    """A policy in force or to be: `digest` covers the TOML bytes exactly as they were received.

    `freezers` may freeze besides the approvers; `break_glass` names the group of whom two may break
    the glass, empty where nobody may.
    """

    version: str
    digest: Digest
    groups: Mapping[str, frozenset[str]]
    rules: tuple[Rule, ...]
    freezers: tuple[Pattern, ...]
    break_glass: str
    embedded_in_ci: bool

    def concerning(self, operation: Operation, requester: str) -> tuple[int, ...]:
        """Return the numbers, from 1 in the document's order, of the rules that say something about an operation."""
        return tuple(number for number, rule in enumerate(self.rules, 1) if rule.concerns(operation, requester))

    def is_approver(self, principal_id: str) -> bool:
        """Tell whether any group names this principal."""
        return any(principal_id in members for members in self.groups.values())

    def may_freeze(self, principal_id: str) -> bool:
        """Tell whether this principal may set a freeze: every approver may, and whom `freezers` names."""
        return self.is_approver(principal_id) or any(pattern.matches(principal_id) for pattern in self.freezers)
