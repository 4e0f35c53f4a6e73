"""The domain decides from values alone, and only the checks let an operation through."""

from __future__ import annotations

import ast
import sys

import pytest

from architecture.tree import Module, imports, source_modules

# Modules of the standard library that know the time, chance, the machine or the outside.
IMPURE_MODULES = frozenset(
    "asyncio concurrent ctypes fcntl getpass http importlib inspect logging mmap multiprocessing os pathlib pickle "
    "platform random secrets select selectors shelve shutil signal smtplib socket socketserver sqlite3 ssl subprocess "
    "sys tempfile threading time uuid".split()
)
PURE_LIBRARIES = frozenset({"cryptography", "msgspec"})
IMPURE_FUNCTIONS = frozenset("open input print eval exec compile __import__ globals breakpoint".split())
IMPURE_METHODS = frozenset(
    "now utcnow today urandom token_bytes token_hex uuid1 uuid4 "
    "generate generate_private_key generate_parameters random_serial_number".split()
)
NETWORK = frozenset("socket ssl http urllib ftplib smtplib socketserver select selectors xmlrpc".split())
MAY_TOUCH_THE_NETWORK = ("placet.adapters.egress", "placet.client.wire", "placet.demo", "placet.web.server")
MAY_LET_THROUGH = frozenset(
    {
        "placet.domain.authorization.authorized",
        "placet.domain.authorization.checks",
        "placet.core.reserve",
    }
)


def domain_modules() -> list[Module]:
    return [each for each in source_modules() if each.within("placet.domain")]


@pytest.mark.parametrize("module", domain_modules(), ids=lambda module: module.name)
def test_the_domain_imports_only_pure_modules(module: Module) -> None:
    foreign = [name for name, _ in imports(module) if not _is_allowed(name)]

    assert foreign == []


@pytest.mark.parametrize("module", domain_modules(), ids=lambda module: module.name)
def test_the_domain_calls_nothing_that_reads_the_world(module: Module) -> None:
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]

    assert [f"line {call.lineno}: {ast.unparse(call)}" for call in calls if _is_impure(call.func)] == []


@pytest.mark.parametrize("module", domain_modules(), ids=lambda module: module.name)
def test_the_domain_waits_for_nothing(module: Module) -> None:
    waiting = [node for node in ast.walk(module.tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]

    assert waiting == []


def test_only_the_checks_and_the_reservation_let_an_operation_through() -> None:
    using = {each.name for each in source_modules() if "_MADE_BY_THE_CHECKS" in each.text}

    assert using <= MAY_LET_THROUGH


def test_only_egress_the_client_the_server_and_the_demo_touch_the_network() -> None:
    outside = [each for each in source_modules() if not any(each.within(package) for package in MAY_TOUCH_THE_NETWORK)]
    found = [
        f"{each.place}: {name}" for each in outside for name, _ in imports(each) if name.partition(".")[0] in NETWORK
    ]

    assert [each for each in found if not each.endswith(": urllib.parse")] == []


def _is_allowed(name: str) -> bool:
    top = name.partition(".")[0]
    ours = name == "placet.errors" or name.startswith("placet.domain")
    standard = top in sys.stdlib_module_names and top not in IMPURE_MODULES and name != "urllib.request"
    return ours or standard or top in PURE_LIBRARIES


def _is_impure(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return called.attr in IMPURE_METHODS
    return isinstance(called, ast.Name) and called.id in IMPURE_FUNCTIONS
