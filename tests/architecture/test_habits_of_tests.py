"""Tests use fakes that implement a port; none of them reaches into what it tests."""

from __future__ import annotations

import ast

from architecture.tree import Module, functions, imports, modules_of_tests

PATCHING = frozenset({"setattr", "setitem", "delattr", "delitem"})
MOCKING = frozenset({"unittest.mock", "mock", "pytest_mock", "freezegun", "time_machine"})


def test_no_test_imports_a_mocking_library() -> None:
    found = [
        f"{module.place}: {name}"
        for module in modules_of_tests()
        for name, member in imports(module)
        if name in MOCKING or f"{name}.{member}" in MOCKING
    ]

    assert found == []


def test_no_test_patches_what_it_tests() -> None:
    found = [f"{module.place}:{line}" for module in modules_of_tests() for line in _patches(module)]

    assert found == []


def test_no_test_asks_for_a_mocker() -> None:
    found = [
        f"{module.place}: {function.name}"
        for module in modules_of_tests()
        for function in functions(module)
        if "mocker" in {argument.arg for argument in function.args.args}
    ]

    assert found == []


def test_every_attack_test_carries_its_row_in_the_file_name() -> None:
    attacks = [each.path.name for each in modules_of_tests() if "attacks" in each.path.parts]

    assert [name for name in attacks if name.startswith("test_") and not _names_a_row(name)] == []


def _names_a_row(file_name: str) -> bool:
    row = file_name.split("_")[1]
    return row == "stale" or (row.startswith("a") and row[1:].isdigit())


def _patches(module: Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in PATCHING
        and isinstance(node.value, ast.Name)
        and node.value.id in {"monkeypatch", "patch", "mp"}
    ]
