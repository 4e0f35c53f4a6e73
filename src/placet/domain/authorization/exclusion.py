"""Who pushed and who merged what a plan is about: they may not approve it (protocol 6).

Planning observes the facts `pusher:SHA` and `merger:SHA` at the provider and writes them into the
operation as preconditions, so that approvers see them, receipts are bound to them, and they are
observed again before the effect. Their value is the provider's own account ids, comma-separated,
or `none`; `unobserved` where the provider did not tell. What stands in a commit as author or
committer is free text and excludes nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from placet.domain.authorization.operation import Operation, Precondition
from placet.domain.authorization.plan import Plan

NOBODY = "none"
_FACTS = ("pusher", "merger")
_NAMING_A_COMMIT = ("commit_sha", "head_sha")
_IDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(,[A-Za-z0-9][A-Za-z0-9._-]{0,63})*")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def facts_to_observe(operation: Operation) -> tuple[str, ...]:
    """Return the facts that tell who may not approve `operation`; none where it is about no commit.

    Commits are what is tagged or released (`commit_sha`) and the head of a pull request (`head_sha`).
    """
    named = [operation.params.get(name) for name in _NAMING_A_COMMIT]
    commits = dict.fromkeys(each for each in named if isinstance(each, str) and _COMMIT.fullmatch(each))
    return tuple(f"{fact}:{commit}" for commit in commits for fact in _FACTS)


def is_exclusion(precondition: Precondition) -> bool:
    """Tell whether a precondition says who pushed or merged: observed at planning, never asked for."""
    return precondition.fact.partition(":")[0] in _FACTS


def excluded_accounts(plan: Plan) -> frozenset[str] | None:
    """Return the accounts that pushed or merged anything in `plan`; None where some of it is not known."""
    found: set[str] = set()
    for operation in plan.operations:
        for accounts in _accounts(operation):
            if accounts is None:
                return None
            found.update(accounts)
    return frozenset(found)


def _accounts(operation: Operation) -> Iterable[list[str] | None]:
    for each in operation.preconditions:
        if each.fact.partition(":")[0] not in _FACTS:
            continue
        if each.expected == NOBODY:
            yield []
        elif each.expected == "unobserved" or _IDS.fullmatch(each.expected) is None:
            yield None
        else:
            yield [f"{operation.subject.provider}:{account}" for account in each.expected.split(",")]
