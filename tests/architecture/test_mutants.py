"""The mistakes that `make mutants` makes still fit the code, and the tests that find them still stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from architecture.tree import ROOT
from mutants import MUTANTS, Mutant, RottenError, copy_of_the_tree, make


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_replaces_stands_in_the_code_exactly_once(mutant: Mutant) -> None:
    assert (ROOT / "src/placet" / mutant.module).read_text(encoding="utf-8").count(mutant.before) == 1


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_test_that_finds_a_mutant_stands(mutant: Mutant) -> None:
    file, _, name = mutant.test.partition("::")

    assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_twelve_mistakes_are_made_and_each_of_the_eight_checks_is_dropped_once() -> None:
    dropped = [mutant.name.split()[1] for mutant in MUTANTS if " dropped " in mutant.name]

    assert (len(MUTANTS), dropped) == (12, list("12345678"))


def test_a_mistake_that_no_longer_fits_is_told_and_the_tree_itself_is_never_changed(tmp_path: Path) -> None:
    copy_of_the_tree(tmp_path)
    make(MUTANTS[0], tmp_path)

    with pytest.raises(RottenError, match="stands 0 times"):
        make(MUTANTS[0], tmp_path)
    assert MUTANTS[0].before in (ROOT / "src/placet" / MUTANTS[0].module).read_text(encoding="utf-8")
