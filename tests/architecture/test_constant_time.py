"""No clock tells how much of a MAC was right: it is compared with `hmac.compare_digest`, and with nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from architecture.tree import Module, functions, source_modules

MAKING = frozenset({"mac", "hmac.digest", "hmac.new"})
"""Calls that make a MAC. Digests without a key are public: they may be compared as they like."""


def test_a_mac_is_only_ever_compared_in_constant_time() -> None:
    compared = [place for module in source_modules() for place in _plainly_compared(module)]

    assert compared == []


def test_the_check_of_the_signature_compares_in_constant_time() -> None:
    (checks,) = (each for each in source_modules() if each.name == "placet.domain.authorization.checks")
    (check,) = (each for each in functions(checks) if each.name == "_signature_holds")
    calls = [ast.unparse(node) for node in ast.walk(check) if isinstance(node, ast.Call)]

    assert "hmac.compare_digest(mac(key.secret, payload), tag)" in calls


def _plainly_compared(module: Module) -> Iterator[str]:
    """Yield where `==`, `!=` or `in` has a MAC, made there and then, on one of its sides."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Compare) and any(_makes_a_mac(each) for each in [node.left, *node.comparators]):
            yield f"{module.place}:{node.lineno}"


def _makes_a_mac(side: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) and ast.unparse(node.func) in MAKING for node in ast.walk(side))
