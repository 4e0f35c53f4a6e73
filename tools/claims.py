"""Keeps `tests/claims.txt`: the names of all attack and contract tests, which may only grow.

A line is `file::test`, or `file::test -> file::better_name` for a test that got a better name. A
line never goes away: what was once claimed stays claimed.

usage: tools/claims.py      writes the names of new tests into the list
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLAIMS = ROOT / "tests" / "claims.txt"
FOLDERS = ("attacks", "contract")
HEAD = """\
# The names of all attack and contract tests. This list may only grow: a line that leaves it fails CI, and so does
# a test that leaves the tree. `make claims` adds new ones. A test that got a better name: `old -> new`.
"""


def standing_tests() -> set[str]:
    """Return `file::test` for every test that stands in the folders whose tests are claims."""
    paths = [path for folder in FOLDERS for path in (ROOT / "tests" / folder).rglob("*.py")]
    return {f"{path.stem}::{name}" for path in paths for name in _test_names(path)}


def read_claims(text: str) -> dict[str, str]:
    """Return for each claimed name the name under which the test stands now."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {old: new or old for old, _, new in (line.partition(" -> ") for line in lines)}


def missing_tests(claims: dict[str, str], standing: set[str]) -> list[str]:
    """Return the claimed names that no test carries any more."""
    return sorted(old for old, new in claims.items() if new not in standing)


def unclaimed_tests(claims: dict[str, str], standing: set[str]) -> list[str]:
    """Return the tests that are not in the list yet."""
    return sorted(standing - set(claims) - set(claims.values()))


def _test_names(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def main() -> None:
    """Add what is new to the list, in order; take nothing away."""
    text = CLAIMS.read_text(encoding="utf-8") if CLAIMS.exists() else ""
    claims = read_claims(text)
    new = unclaimed_tests(claims, standing_tests())
    lines = sorted([*(f"{old} -> {name}" if old != name else old for old, name in claims.items()), *new])
    CLAIMS.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{CLAIMS.relative_to(ROOT)}: {len(new)} new, {len(lines)} in all")


if __name__ == "__main__":
    main()
