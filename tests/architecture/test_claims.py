"""Attack and contract tests are promises: their names stand in a list that may only grow."""

from __future__ import annotations

import subprocess

import pytest

from architecture.tree import ROOT
from claims import CLAIMS, missing_tests, read_claims, standing_tests, unclaimed_tests


def test_every_claimed_test_stands() -> None:
    assert missing_tests(read_claims(CLAIMS.read_text()), standing_tests()) == []


def test_every_attack_and_contract_test_is_claimed() -> None:
    assert unclaimed_tests(read_claims(CLAIMS.read_text()), standing_tests()) == [], "run `make claims`"


@pytest.mark.needs("git")
def test_no_claim_that_was_ever_committed_has_left_the_list() -> None:
    place = CLAIMS.relative_to(ROOT).as_posix()
    history = _git("log", "--format=%H", "--", place).split()
    committed = {name for commit in history for name in read_claims(_git("show", f"{commit}:{place}"))}

    assert committed - set(read_claims(CLAIMS.read_text())) == set()


def test_a_test_that_disappears_is_named() -> None:
    claims = {"test_a01::test_forged": "test_a01::test_forged", "test_a02::test_old": "test_a02::test_new"}

    assert missing_tests(claims, {"test_a02::test_new"}) == ["test_a01::test_forged"]


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout
