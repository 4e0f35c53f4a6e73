"""Makes twelve mistakes in copies of the code, and shows that a named test finds each (`make mutants`).

Each mutant is one exact replacement: where the text does not stand exactly once, that is an error, so that the
list cannot rot. A mutant counts as killed only where its test runs and fails; the same tests must pass on an
unchanged copy, and every copy must be the code that its tests import.

usage: tools/mutants.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[1]
COPIED = ("src", "tests", "tools", "docs/spec", "pyproject.toml")
CHECKS = "domain/authorization/checks.py"
PASSED, FAILED = 0, 1
"""Exit codes of pytest; every other one says that the tests did not run."""


class Mutant(Struct, frozen=True, kw_only=True):
    """One mistake: in which module of `placet`, which text becomes which, and the test that finds it."""

    name: str
    module: str
    before: str
    after: str
    test: str


class RottenError(Exception):
    """The list of mutants no longer fits the code."""


def _without(number: str, check: str, test: str) -> Mutant:
    """Return the mutant whose table of checks lacks one."""
    before = f'    ("{number}", {check}),\n'
    return Mutant(name=f"check {number} dropped ({check[1:]})", module=CHECKS, before=before, after="", test=test)


_MODE = '    trail.run("1", _mode_is_prod, request, desk)\n'
_PRESENCE = '    token = trail.run("2", _receipt_is_present, request)\n'
MUTANTS = (
    Mutant(
        name="check 1 dropped (mode_is_prod)",
        module=CHECKS,
        before=_MODE,
        after='    trail.passed("1")\n',
        test="attacks/test_a07_execute_in_a_dry_run.py"
        "::test_a_request_that_does_not_say_prod_letter_by_letter_performs_nothing",
    ),
    Mutant(
        name="check 2 dropped (receipt_is_present)",
        module=CHECKS,
        before=_PRESENCE,
        after='    trail.passed("2")\n    token = request.token\n',
        test="attacks/test_a06_no_receipt.py::test_nothing_at_all_is_no_receipt",
    ),
    _without(
        "3", "_enforceable", "attacks/test_a07_execute_in_a_dry_run.py::test_an_advisory_receipt_is_refused_as_such"
    ),
    _without(
        "4",
        "_run",
        "attacks/test_a04_another_run.py::test_the_receipt_of_one_run_is_refused_in_a_run_with_the_same_plan",
    ),
    _without(
        "5",
        "_operation",
        "attacks/test_a03_another_operation.py::test_the_same_effect_under_another_id_is_another_operation",
    ),
    _without("6", "_not_consumed", "attacks/test_a02_replayed_receipts.py::test_a_spent_receipt_cannot_be_spent_again"),
    _without(
        "7",
        "_not_expired",
        "attacks/test_a05_expired_receipts.py::test_a_receipt_is_refused_from_the_instant_at_which_it_expires",
    ),
    _without(
        "8",
        "_not_stale",
        "attacks/test_stale_premises.py::test_a_receipt_older_than_the_policy_lets_it_get_is_stale_before_it_expires",
    ),
    Mutant(
        name="order of checks 1 and 2 swapped",
        module=CHECKS,
        before=_MODE + _PRESENCE,
        after=_PRESENCE + _MODE,
        test="attacks/test_a07_execute_in_a_dry_run.py::test_the_mode_is_refused_before_the_token_is_looked_at",
    ),
    Mutant(
        name="plain compare of the MAC",
        module=CHECKS,
        before="    if not hmac.compare_digest(mac(key.secret, payload), tag):\n",
        after="    if mac(key.secret, payload) != tag:\n",
        test="architecture/test_constant_time.py::test_a_mac_is_only_ever_compared_in_constant_time",
    ),
    Mutant(
        name="blind re-send after a lost answer",
        module="adapters/egress/sending.py",
        before="                return Sent(answer=None, error=error, retries=retries)\n",
        after="                sent = Sent(answer=None, error=error, retries=retries)\n                wait = 0.0\n",
        test="attacks/test_a85_lost_and_broken_answers.py"
        "::test_a85_an_answer_cut_without_acting_is_indeterminate_and_not_sent_again",
    ),
    Mutant(
        name="no fence before sending",
        module="adapters/live/permit.py",
        before="        if not await self._holds_fence(self._authorized):\n",
        after="        if not await self._holds_fence(self._authorized) and self._authorized.fence < 0:\n",
        test="attacks/test_a31_executor_that_wakes_too_late.py::test_a31_a_lost_fence_sends_no_byte_to_the_registry",
    ),
)


def copy_of_the_tree(folder: Path) -> None:
    """Copy what the tests need into `folder`; nothing is ever changed in place."""
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns("node_modules", "__pycache__")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy2(source, target)


def make(mutant: Mutant, folder: Path) -> None:
    """Make the mistake in the copy; raise `RottenError` unless its text stands there exactly once."""
    path = folder / "src" / "placet" / mutant.module
    text = path.read_text(encoding="utf-8")
    found = text.count(mutant.before)
    if found != 1:
        raise RottenError(f"{mutant.name}: the text to replace stands {found} times in {mutant.module}")
    path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, whose sources come before those that are installed."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}  # noqa: TID251 - the copy's own
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def check_imported(folder: Path) -> None:
    """Raise `RottenError` unless what is imported in the copy is the copy."""
    imported = run(folder, "-c", "import placet; print(placet.__file__)").stdout.strip()
    if not Path(imported).is_relative_to(folder):
        raise RottenError(f"the tests would import {imported}, not the mutant")


def tested(folder: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """Run these tests, and only these, on the copy."""
    check_imported(folder)
    return run(folder, "-m", "pytest", "-x", "-p", "no:cacheprovider", *(f"tests/{test}" for test in tests))


def is_killed(mutant: Mutant) -> bool:
    """Return whether the mutant's test fails on it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        copy_of_the_tree(folder)
        make(mutant, folder)
        result = tested(folder, [mutant.test])
    if result.returncode not in (PASSED, FAILED):
        raise RottenError(f"{mutant.name}: its test did not run\n{result.stdout}{result.stderr}")
    return result.returncode == FAILED


def check_unchanged() -> None:
    """Raise `RottenError` unless all the tests pass on an unchanged copy."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        copy_of_the_tree(folder)
        result = tested(folder, sorted({mutant.test for mutant in MUTANTS}))
    if result.returncode != PASSED:
        raise RottenError(f"the tests fail on code that nobody changed\n{result.stdout}{result.stderr}")


def main() -> int:
    """Make each mutant, run its test, and print what became of it; return 1 where one survives."""
    try:
        check_unchanged()
        with ThreadPoolExecutor(2) as two:
            killed = list(two.map(is_killed, MUTANTS))
    except RottenError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 1
    for mutant, dead in zip(MUTANTS, killed, strict=True):
        print(f"{'killed' if dead else 'SURVIVED':9} {mutant.name:38} {mutant.test.partition('::')[2]}")
    print(f"{sum(killed)} of {len(MUTANTS)} killed")
    return 0 if all(killed) else 1


if __name__ == "__main__":
    sys.exit(main())
