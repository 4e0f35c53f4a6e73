"""Every code that can keep something from shipping has an explanation and next steps."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from placet.domain.authorization.explanations import EXPLANATIONS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "placet"
PROTOCOL = ROOT / "docs" / "spec" / "protocol.md"
CODE = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+|SEALED|FROZEN|INTERNAL")
BLOCKING = {"DeniedError", "EffectError", "ApprovalsPendingError", "Refusal", "Outcome"}
"""What refuses, blocks or fails an operation is built by one of these calls."""


def blocking_codes() -> Iterator[str]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in BLOCKING:
                given = [*node.args[:1], *(each.value for each in node.keywords if each.arg in ("code", "error_code"))]
                yield from (code for each in given for code in _codes(each))
    for path in [SOURCE / "domain" / "authorization" / "checks.py", *(SOURCE / "adapters" / "live").glob("*.py")]:
        yield from _codes(ast.parse(path.read_text(encoding="utf-8")))


def specified_codes() -> set[str]:
    text = PROTOCOL.read_text(encoding="utf-8")
    sections = text[text.index("## 4. The checks") : text.index("## 7. State and ledger")]
    return {code for code in re.findall(r"`([A-Z][A-Z0-9_]+)`", sections) if CODE.fullmatch(code)}


def _name(function: ast.expr) -> str:
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def _codes(tree: ast.AST) -> set[str]:
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and CODE.fullmatch(value)}


def test_every_code_that_can_block_is_explained() -> None:
    assert sorted((set(blocking_codes()) | specified_codes()) - EXPLANATIONS.keys()) == []


def test_every_explanation_is_one_sentence_with_something_to_do() -> None:
    for code, explanation in EXPLANATIONS.items():
        assert explanation.text.endswith("."), code
        assert explanation.next_steps, code
        assert all(step.isascii() and step.isprintable() for step in explanation.next_steps), code
