"""Everything public says what it does, and every exception to a rule says why."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from architecture.tree import Module, modules_of_tests, other_modules, source_modules

# An exception to a rule, and behind it ` - ` and its reason.
EXCEPTION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma: no (cover|branch)|ruff:)")
WITH_REASON = re.compile(
    r"#\s*(noqa: [A-Z0-9, ]+|type: ignore\[[a-z-, ]+\]|pragma: no (cover|branch)|ruff: .+)  ?(- |# )?.{8}"
)


def test_every_public_module_class_and_function_has_a_docstring() -> None:
    missing = [name for module in source_modules() for name in _undocumented(module)]

    assert missing == []


def test_every_exception_to_a_rule_has_its_reason_beside_it() -> None:
    modules = [*source_modules(), *modules_of_tests(), *other_modules()]
    unexplained = [
        f"{module.place}:{number}"
        for module in modules
        for number, line in enumerate(module.text.splitlines(), 1)
        if EXCEPTION.search(line) and not WITH_REASON.search(line) and "re.compile" not in line
    ]

    assert unexplained == []


def _undocumented(module: Module) -> Iterator[str]:
    if ast.get_docstring(module.tree) is None:
        yield module.place
    yield from _undocumented_members(module.place, module.tree)


def _undocumented_members(place: str, node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for member in node.body:
        if not isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or member.name.startswith("_"):
            continue
        name = f"{place}: {member.name}"
        if ast.get_docstring(member) is None and not _is_overload(member):
            yield name
        if isinstance(member, ast.ClassDef):
            yield from _undocumented_members(name, member)


def _is_overload(member: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "overload" for each in member.decorator_list)
