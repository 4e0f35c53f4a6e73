"""A28: a change is replayed after a crash or a lost answer: it happens once, and its entry is found (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.adapters.memory.anchor import MemoryAnchor
from placet.adapters.memory.store import Fault, MemoryStore
from placet.domain.log.change import Change
from placet.ports.store import ConflictError, OutcomeUnknownError
from support.ledger_processes import acknowledged, check_nothing_lost, start_writer
from support.ledgers import ORIGIN, SIGNER, InSqlite, SetClock, change, key, nothing, run, thing


class FailOnce:
    """Fails the first commit, before or after it is kept."""

    def __init__(self, fault: Fault) -> None:
        self._faults: list[Fault | None] = [fault]

    def __call__(self, _: Change) -> Fault | None:
        return self._faults.pop() if self._faults else None


async def replayed(fault: Fault) -> tuple[MemoryStore, str]:
    """Reserve a receipt over a commit that fails, and replay it; return what the replay was told."""
    store = MemoryStore.create(
        origin=ORIGIN, signer=SIGNER, anchor=MemoryAnchor(), clock=SetClock(), fault_of=FailOnce(fault)
    )
    receipt = key("receipt/1")
    reserve = change(await store.load([receipt]), 1, {receipt: thing(1)}, once=("effect/run_1/1",))
    with pytest.raises(OutcomeUnknownError) as unknown:
        await store.commit(reserve)
    assert unknown.value.code == "AUDIT_UNAVAILABLE"
    try:
        return store, f"committed as {(await store.commit(reserve)).seq}"
    except ConflictError as conflict:
        return store, f"{conflict.reason} used by {conflict.first_use}"


def test_a_commit_that_was_lost_is_made_by_the_replay() -> None:
    store, told = run(replayed(Fault.BEFORE))
    assert told == "committed as 1"
    assert run(nothing(store)).head.size == 2


def test_a_commit_that_was_kept_and_reported_lost_refuses_the_replay_and_names_its_entry() -> None:
    store, told = run(replayed(Fault.AFTER))
    assert told == "once used by 1"
    assert run(nothing(store)).head.size == 2


@pytest.fixture
def home(tmp_path: Path) -> Iterator[InSqlite]:
    place = InSqlite(tmp_path)
    place.create()
    place.close()
    yield place
    place.close()


@pytest.mark.needs("strace")
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
@pytest.mark.parametrize("when", [2, 3, 5, 8, 13])
def test_the_changes_of_a_killed_process_are_replayed_without_any_happening_twice(
    home: InSqlite, call: str, when: int
) -> None:
    under = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}"]
    kept = acknowledged(start_writer(home, "writer", count=4, callers=4, under=under).communicate()[0])
    replay = start_writer(home, "writer", count=4, callers=4)
    output, error = replay.communicate()
    again = acknowledged(output)
    assert replay.returncode == 0 or "once: e" in error
    assert not set(kept) & set(again)
    check_nothing_lost(home, kept | again)
