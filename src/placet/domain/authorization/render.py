"""The text that an approver is shown for a plan, and its digest (protocol 1).

The same plan gives the same text on every machine. Values come from outside: each stands on
lines of its own between quotes, everything but printable ASCII escaped, long values cut into
marked pieces, so that no value can pass for a line of the form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from placet.domain.authorization.operation import Artifact, Operation
from placet.domain.authorization.place import asked_of_provider, planned_place
from placet.domain.authorization.plan import Plan
from placet.domain.encoding.canonical import Value
from placet.domain.values.digest import Digest, sha256
from placet.domain.values.time import format_instant

_WIDTH = 79
_CONTINUED = "    | "
_PIECE = _WIDTH - len(_CONTINUED)
_FINGERPRINT_DIGITS = 24


def render_plan(plan: Plan, policy_version: str) -> str:
    """Return the plan as text for an approver: printable ASCII and line feeds, nothing else.

    `policy_version` is that of the policy which the plan's `policy_digest` names.
    """
    lines = [
        "PLACET PLAN",
        *_field("fingerprint", fingerprint(plan.digest()), indent=0),
        *_field("mode", plan.mode.value, indent=0),
        *_field("requester", plan.requester, indent=0),
        *(line for name in sorted(plan.claims) for line in _field("claim", {name: plan.claims[name]}, indent=0)),
        *_field("run", plan.run_id, indent=0),
        *_field("log", plan.issuer, indent=0),
        *_field("created", format_instant(plan.created_at), indent=0),
        *_field("policy version", policy_version, indent=0),
        *_field("policy digest", plan.policy_digest, indent=0),
        *_field("plan digest", plan.digest(), indent=0),
        *_field("operations", len(plan.operations), indent=0),
    ]
    for step, operation in enumerate(plan.operations, 1):
        lines += ["", f"OPERATION {step} OF {len(plan.operations)}", *_operation(operation)]
    return "\n".join([*lines, "", "END OF PLAN", ""])


def shown_digest(text: str) -> Digest:
    """Return the SHA-256 of a text that was shown: what an approval carries."""
    return sha256(text.encode("ascii"))


def fingerprint(digest: Digest) -> str:
    """Return the first 96 bits of a digest in groups of four digits, to be compared by eye or voice."""
    digits = digest.removeprefix("sha256:")[:_FINGERPRINT_DIGITS]
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def _operation(operation: Operation) -> Iterator[str]:
    yield from _field("kind", operation.operation_kind.value, indent=2)
    yield from _field("id", operation.operation_id, indent=2)
    yield from _field("provider", operation.subject.provider, indent=2)
    if where := planned_place(operation):
        yield from _field("goes to", where, indent=2)
    yield from _field("name", operation.subject.name, indent=2)
    yield from _field("version", operation.subject.version, indent=2)
    yield from _field("tag", operation.subject.tag, indent=2)
    yield from _field("certificate", operation.certificate_id, indent=2)
    for name in sorted(operation.params):
        yield from _field("param", {name: operation.params[name]}, indent=2)
    for artifact in operation.artifacts:
        yield from _artifact(artifact)
    for precondition in asked_of_provider(operation):
        yield from _field("only if", f"{precondition.fact} is {precondition.expected}", indent=2)


def _artifact(artifact: Artifact) -> Iterator[str]:
    yield from _field("artifact", artifact.name, indent=2)
    yield from _field("bytes", artifact.size, indent=4)
    yield from _field("sha256", artifact.sha256, indent=4)
    yield from _field("sha512", artifact.sha512, indent=4)


def _field(label: str, value: Value, *, indent: int) -> Iterator[str]:
    text = _escaped(value)
    start = f"{' ' * indent}{label}: "
    if len(start) + len(text) <= _WIDTH:
        yield start + text
        return
    # Nothing is wider than a terminal, which would wrap it and let a value begin a line.
    yield start.rstrip()
    for position in range(0, len(text), _PIECE):
        yield _CONTINUED + text[position : position + _PIECE]


def _escaped(value: Value) -> str:
    # JSON escapes every control character and everything beyond ASCII but DEL.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).replace("\x7f", "\\u007f")
