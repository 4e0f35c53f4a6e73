"""When a log contradicts a checkpoint that somebody kept."""

from __future__ import annotations

import pytest

from placet.domain.log.checkpoint import Checkpoint
from placet.domain.log.watch import Reason, check_kept, damaged, invalid_anchor, missing_anchor
from support.ledgers import ORIGIN

KEPT = Checkpoint(origin=ORIGIN, size=5, root=b"five".ljust(32))


def never(size: int) -> bytes:
    raise AssertionError(size)


@pytest.mark.parametrize("size", [5, 6, 500])
def test_a_log_that_contains_what_was_kept_goes_on(size: int) -> None:
    assert check_kept(KEPT, size, lambda at: KEPT.root if at == 5 else bytes(32), where="the anchor") is None


@pytest.mark.parametrize("size", [0, 4])
def test_a_log_that_is_shorter_than_what_was_kept_is_sealed(size: int) -> None:
    seal = check_kept(KEPT, size, never, where="the anchor")
    assert seal is not None
    assert seal.reason is Reason.BEHIND
    assert f"{size} entries" in seal.message
    assert "the anchor" in seal.message
    assert "recovery comes in a later version" in seal.hint


@pytest.mark.parametrize("size", [5, 6])
def test_a_log_with_another_root_is_sealed(size: int) -> None:
    seal = check_kept(KEPT, size, lambda _: bytes(32), where="the anchor")
    assert seal is not None
    assert seal.reason is Reason.FORKED


def test_a_missing_anchor_seals_and_names_the_command() -> None:
    seal = missing_anchor(ORIGIN)
    assert seal.reason is Reason.ANCHOR_MISSING
    assert f"placet ledger anchor --adopt {ORIGIN}" in seal.hint


def test_an_anchor_that_is_no_checkpoint_seals() -> None:
    assert invalid_anchor(ORIGIN).reason is Reason.ANCHOR_INVALID


def test_a_log_that_nothing_opens_is_sealed() -> None:
    seal = damaged(ORIGIN)
    assert seal.reason is Reason.DAMAGED
    assert "placet ledger verify" in seal.hint
