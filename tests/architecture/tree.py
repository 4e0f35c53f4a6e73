"""Reads the repository as text and syntax trees, for the tests that hold its shape."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"


class Module(Struct, frozen=True, kw_only=True):
    """One Python file: its dotted name (for files of `src`), path, text and syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def line_count(self) -> int:
        return len(self.text.splitlines())

    def within(self, package: str) -> bool:
        return self.name == package or self.name.startswith(f"{package}.")


@cache
def source_modules() -> tuple[Module, ...]:
    """Return every module of the product."""
    return tuple(_read(path) for path in sorted(SOURCE.rglob("*.py")))


@cache
def modules_of_tests() -> tuple[Module, ...]:
    """Return every Python file of the tests."""
    paths = sorted((ROOT / "tests").rglob("*.py"))
    return tuple(_read(path) for path in paths if "node_modules" not in path.parts)


@cache
def other_modules() -> tuple[Module, ...]:
    """Return the benchmarks and the tools of the repository."""
    return tuple(_read(path) for folder in ("bench", "tools") for path in sorted((ROOT / folder).rglob("*.py")))


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module, nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(module: Module) -> Iterator[tuple[str, str]]:
    """Yield each import as (module, name); the name is empty for `import module`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@cache
def tracked_files() -> tuple[Path, ...]:
    """Return every file that git tracks and that stands in the tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return tuple(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    parts = path.relative_to(SOURCE if path.is_relative_to(SOURCE) else ROOT).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return Module(name=name, path=path, text=text, tree=ast.parse(text))
