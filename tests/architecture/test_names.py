"""No drawers: every module has an idea, and nothing is called after what it is not."""

from __future__ import annotations

import ast
import re
from collections import Counter

from architecture.tree import modules_of_tests, other_modules, source_modules

DRAWERS = re.compile(r"(utils?|helpers?|common|misc|managers?|shared|stuff)", re.IGNORECASE)
DRAWER_CLASS = re.compile(r"(Utils?|Helpers?|Managers?|Mixin)$")


def test_no_module_or_package_is_a_drawer() -> None:
    modules = [*source_modules(), *modules_of_tests(), *other_modules()]

    assert [each.place for each in modules if any(DRAWERS.fullmatch(part) for part in each.name.split("."))] == []


def test_no_class_is_a_manager_or_helper() -> None:
    found = [
        f"{module.place}: {node.name}"
        for module in source_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and DRAWER_CLASS.search(node.name)
    ]

    assert found == []


def test_error_classes_end_in_error() -> None:
    found = [
        f"{module.place}: {node.name}"
        for module in source_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and _is_exception(node) and not node.name.endswith("Error")
    ]

    assert found == []


def test_file_names_of_tests_are_unique_across_the_tree() -> None:
    names = Counter(each.path.name for each in modules_of_tests() if each.path.name.startswith("test_"))

    assert [name for name, count in names.items() if count > 1] == []


def _is_exception(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id.endswith(("Error", "Exception")) for base in node.bases)
