"""Reading a policy from its TOML bytes, strictly (protocol 6).

Nothing is guessed and nothing unknown is let through: a misspelt key would otherwise be a rule
that silently does not hold. Every refusal names the place in the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from placet.domain.authorization.document_table import POLICY, Table, read_document, refuse
from placet.domain.authorization.pattern import Pattern, parse_pattern, parse_subject_pattern
from placet.domain.authorization.policy import Demand, Limits, Policy, ReceiptTerms, Rule
from placet.domain.authorization.receipt import MAX_AGE_SECONDS, MAX_LIFETIME_SECONDS
from placet.domain.values.digest import Digest, separated_digest
from placet.domain.values.kinds import OperationKind

P = TypeVar("P")

DEFAULT_LIFETIME_SECONDS = 3600
GROUP = r"[a-z0-9][a-z0-9_-]{0,63}"
PERSON = r"person:[A-Za-z0-9@._:/-]{1,200}"
CLAIM = r"[a-z][a-z0-9_]{0,63}"
_VERSION = r"[!-~]{1,64}"
_REQUESTER = re.compile(r"(person|ci|agent|service):[A-Za-z0-9@._:/*-]+")
_MOST_ASSURANCE = 3
_MOST_PER_HOUR = 1_000_000
_BREAK_GLASS_PERSONS = 2

NAMED_KINDS = frozenset(OperationKind) | {
    "publish_release",
    "tag_repo",
    "open_pr",
    "deprecate_package",
    "unpublish_package",
    "move_dist_tag",
    "change_owner",
    "set_status",
    "recover",
}
"""Kinds that a rule may name (contract 8), also those that this version cannot perform yet."""


def policy_digest(document: bytes) -> Digest:
    """Return the digest of a policy's TOML bytes exactly as received."""
    return separated_digest("policy", "none", document)


@lru_cache(maxsize=16)
def parse_policy(document: bytes) -> Policy:
    """Return the policy that the TOML `document` spells.

    Raise `InvalidInputError` (`POLICY_INVALID`), naming line or key, for more than 64 KiB,
    anything but UTF-8 TOML without invisible characters, unknown or missing keys, other types,
    and values outside the grammar of protocol 6.

    The few policies in use are kept parsed: every decision reads one, and equal bytes are equal.
    """
    top = read_document(document, POLICY)
    version = top.text("version", _VERSION)
    embedded_in_ci = top.flag("embedded_in_ci", default=False)
    freezers = _read_freezers(top)
    groups = _read_groups(top.table("groups", default={}))
    break_glass = _read_break_glass(top, groups)
    rules = tuple(_read_rule(table, groups) for table in top.tables("rule"))
    top.end()
    if not rules:
        refuse("rule", "is missing: a policy without a rule allows nothing")
    return Policy(
        version=version,
        digest=policy_digest(document),
        groups=groups,
        rules=rules,
        freezers=freezers,
        break_glass=break_glass,
        embedded_in_ci=embedded_in_ci,
    )


def _read_groups(groups: Table) -> Mapping[str, frozenset[str]]:
    found = {}
    for name in groups.names():
        if re.fullmatch(GROUP, name) is None:
            refuse(groups.path(name), "is no name of a group")
        table = groups.table(name)
        members = table.texts("members", PERSON)
        if not members:
            refuse(table.path("members"), "is empty")
        found[name] = frozenset(members)
        table.end()
    return found


def _read_rule(table: Table, groups: Mapping[str, frozenset[str]]) -> Rule:
    rule = Rule(
        operations=_read_operations(table),
        subjects=_read_patterns(table, "subjects", parse_subject_pattern, "provider:name"),
        requesters=_read_patterns(table, "requesters", _parse_requester, "kind:name"),
        demands=tuple(_read_demand(each, groups) for each in table.tables("approvals")),
        limits=_read_limits(table.table("limits", default={})),
        receipt=_read_receipt(table.table("receipt", default={})),
        context=_read_context(table.table("context", default={})),
    )
    table.end()
    named = [demand.group for demand in rule.demands]
    if len(set(named)) != len(named):
        refuse(table.path("approvals"), "names a group twice")
    return rule


def _read_context(table: Table) -> tuple[tuple[str, tuple[Pattern, ...]], ...]:
    """Return what each named claim must be: one of these patterns, none of which matches an absent claim."""
    context = []
    for name in sorted(table.names()):
        if re.fullmatch(CLAIM, name) is None:
            refuse(table.path(name), "is no name of a claim")
        context.append((name, _read_patterns(table, name, _parse_claim, "a claim's value")))
    return tuple(context)


def _parse_claim(text: str) -> Pattern | None:
    pattern = parse_pattern(text)
    return None if pattern is None or pattern.matches("") else pattern


def _read_operations(table: Table) -> frozenset[str]:
    operations = table.texts("operations", r"[ -~]+")
    for operation in operations:
        if operation not in NAMED_KINDS:
            refuse(table.path("operations"), f"names {operation[:60]!a}, which is no kind of operation")
    if not operations:
        refuse(table.path("operations"), "is empty")
    return frozenset(operations)


def _read_patterns(table: Table, name: str, parse: Callable[[str], P | None], form: str) -> tuple[P, ...]:
    patterns = []
    for text in table.texts(name, r"[ -~]+"):
        pattern = parse(text)
        if pattern is None:
            refuse(table.path(name), f"holds {text[:80]!a}, which is no pattern of the form {form}")
        patterns.append(pattern)
    if not patterns:
        refuse(table.path(name), "is empty")
    return tuple(patterns)


def _read_freezers(top: Table) -> tuple[Pattern, ...]:
    if "freezers" not in top.names():
        return ()
    return _read_patterns(top, "freezers", _parse_requester, "kind:name")


def _read_break_glass(top: Table, groups: Mapping[str, frozenset[str]]) -> str:
    """Return the group of whom two may break the glass, empty where the document says nothing of it."""
    if "break_glass" not in top.names():
        return ""
    table = top.table("break_glass")
    group = table.text("group", GROUP)
    table.end()
    if len(groups.get(group, frozenset())) < _BREAK_GLASS_PERSONS:
        refuse(table.path("group"), f"names {group}, which is no group of two or more")
    return group


def _parse_requester(text: str) -> Pattern | None:
    return parse_pattern(text) if _REQUESTER.fullmatch(text) else None


def _read_demand(table: Table, groups: Mapping[str, frozenset[str]]) -> Demand:
    group = table.text("group", GROUP)
    if group not in groups:
        refuse(table.path("group"), f"names {group}, which is no group of this policy")
    demand = Demand(
        group=group,
        count=table.integer("count", 1, len(groups[group])),
        assurance=table.integer("assurance", 1, _MOST_ASSURANCE),
    )
    table.end()
    return demand


def _read_limits(table: Table) -> Limits:
    limits = Limits(
        per_subject_per_hour=table.optional_integer("per_subject_per_hour", 1, _MOST_PER_HOUR),
        per_requester_per_hour=table.optional_integer("per_requester_per_hour", 1, _MOST_PER_HOUR),
    )
    table.end()
    return limits


def _read_receipt(table: Table) -> ReceiptTerms:
    lifetime = table.optional_integer("lifetime_seconds", 1, MAX_LIFETIME_SECONDS)
    age = table.optional_integer("max_age_seconds", 1, MAX_AGE_SECONDS)
    table.end()
    return ReceiptTerms(
        lifetime_seconds=DEFAULT_LIFETIME_SECONDS if lifetime is None else lifetime,
        max_age_seconds=MAX_AGE_SECONDS if age is None else age,
    )
