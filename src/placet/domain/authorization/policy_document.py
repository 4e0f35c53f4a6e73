"""Reading a policy from its TOML bytes, strictly (protocol 6).

Nothing is guessed and nothing unknown is let through: a misspelt key would otherwise be a rule
that silently does not hold. Every refusal names the place in the document.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from placet.domain.authorization.document_table import Table, refuse
from placet.domain.authorization.pattern import Pattern, parse_pattern, parse_subject_pattern
from placet.domain.authorization.policy import Demand, Limits, Policy, ReceiptTerms, Rule
from placet.domain.authorization.receipt import MAX_AGE_SECONDS, MAX_LIFETIME_SECONDS
from placet.domain.values.digest import Digest, separated_digest
from placet.domain.values.kinds import OperationKind
from placet.errors import InvalidInputError

P = TypeVar("P")

LIMIT_BYTES = 64 * 1024
LIMIT_LINE = 256
DEFAULT_LIFETIME_SECONDS = 3600
_CODE = "POLICY_INVALID"
GROUP = r"[a-z0-9][a-z0-9_-]{0,63}"
PERSON = r"person:[A-Za-z0-9@._:/-]{1,200}"
CLAIM = r"[a-z][a-z0-9_]{0,63}"
_VERSION = r"[!-~]{1,64}"
_REQUESTER = re.compile(r"(person|ci|agent|service):[A-Za-z0-9@._:/*-]+")
_MOST_ASSURANCE = 3
_MOST_PER_HOUR = 1_000_000
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})

NAMED_KINDS = frozenset(OperationKind) | {
    "publish_release",
    "tag_repo",
    "open_pr",
    "deprecate_package",
    "unpublish_package",
    "move_dist_tag",
    "change_owner",
    "set_status",
    "change_role",
    "change_approver_key",
    "create_key",
    "change_trust",
    "lift_freeze",
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
    top = Table(_load(_text(document)), "")
    version = top.text("version", _VERSION)
    embedded_in_ci = top.flag("embedded_in_ci", default=False)
    groups = _read_groups(top.table("groups", default={}))
    rules = tuple(_read_rule(table, groups) for table in top.tables("rule"))
    top.end()
    if not rules:
        refuse("rule", "is missing: a policy without a rule allows nothing")
    return Policy(
        version=version, digest=policy_digest(document), groups=groups, rules=rules, embedded_in_ci=embedded_in_ci
    )


def _text(document: bytes) -> str:
    if len(document) > LIMIT_BYTES:
        raise InvalidInputError(_CODE, f"the policy has {len(document)} bytes, {LIMIT_BYTES} are allowed")
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        line = document.count(b"\n", 0, error.start) + 1
        raise InvalidInputError(_CODE, f"line {line} of the policy is not UTF-8") from error
    for line, content in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        _check_line(line, content)
    return text


def _check_line(line: int, content: str) -> None:
    """Refuse what a reviewer could not see: characters without a shape, and what is off the screen.

    The limit on length also keeps the TOML parser, quadratic in the dots of one key, fast.
    """
    if len(content) > LIMIT_LINE:
        raise InvalidInputError(_CODE, f"line {line} of the policy has more than {LIMIT_LINE} characters")
    for character in content:
        if character != "\t" and unicodedata.category(character) in _INVISIBLE:
            raise InvalidInputError(_CODE, f"line {line} of the policy holds the invisible character {character!a}")


def _load(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = ascii(str(error))[1:-1][:200]
        raise InvalidInputError(_CODE, f"the policy is not TOML: {reason}") from error


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
