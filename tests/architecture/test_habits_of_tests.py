"""Tests use fakes that implement a port; none of them reaches into what it tests."""

from __future__ import annotations

import ast

from architecture.tree import Module, functions, imports, modules_of_tests

PATCHING = frozenset({"setattr", "setitem", "delattr", "delitem"})
STARTING = {
    "tests/support/offline.py": "it starts `placet` by the shell, and `unshare` to see whether that can be",
    "tests/cli/test_help_of_commands.py": "help knows no secret",
    "tests/acceptance/test_guide_for_the_service.py": "its trace shows each line, that which makes a key among them",
}
"""Who may name `placet` beside processes that it starts itself."""
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


def test_commands_and_services_are_started_where_what_they_tell_is_searched_for_secrets() -> None:
    found = {
        module.place
        for module in modules_of_tests()
        if {("support.shell", "PLACET"), ("subprocess", "")} <= set(imports(module))
    }

    assert found == STARTING.keys()


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
