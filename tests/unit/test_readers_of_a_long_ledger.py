"""The processes that read a long ledger: what reaches them by the way ends no verification, and is no bug."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from placet.domain.log.rows import EntryRow
from placet.errors import UnavailableError
from placet.usecases.verify_ledger import verify_ledger
from support.ledgers import InMemory, LedgerStore, fill, run

LONG = 1100
"""More than is handed to a reader at once."""
PATIENCE_SECONDS = 30
on_linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc to look at a process")


@pytest.fixture(scope="module")
def store() -> LedgerStore:
    store = InMemory().create()
    run(fill(store, LONG))
    return store


class Meanwhile:
    """A ledger that does something to each reader before more than the first entries are read."""

    def __init__(self, ledger: LedgerStore, happens: Callable[[int], None]) -> None:
        self._ledger = ledger
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    @contextmanager
    def audit_rows(self) -> Iterator[Any]:
        with self._ledger.audit_rows() as rows:
            yield RowsMeanwhile(rows, self._happens)


class RowsMeanwhile:
    """The rows of such a ledger."""

    def __init__(self, rows: Any, happens: Callable[[int], None]) -> None:
        self._rows = rows
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def entries(self, start: int, stop: int) -> Sequence[EntryRow]:
        for child in multiprocessing.active_children() if start else ():
            self._happens(child.pid or 0)
        return list(self._rows.entries(start, stop))


def ignores_interrupts(pid: int) -> bool:
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("SigIgn")]
    return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)


@on_linux
def test_an_interrupt_from_the_terminal_leaves_a_verification_that_was_begun_alone(store: LedgerStore) -> None:
    interrupted: list[int] = []

    def interrupt(pid: int) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not ignores_interrupts(pid) and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(pid, signal.SIGINT)
        interrupted.append(pid)

    ledger: Any = Meanwhile(store, interrupt)
    report = run(verify_ledger(ledger, readers=1, worth=1))

    assert len(interrupted) == 1
    assert (report.finding, report.size) == (None, LONG + 1)


def verify_until_killed(kept: Path) -> None:
    """Verify a long ledger, keep the pid of its reader, and be killed before the end."""

    def die(pid: int) -> None:
        kept.write_text(str(pid))
        os.kill(os.getpid(), signal.SIGKILL)

    store = InMemory().create()
    run(fill(store, LONG))
    ledger: Any = Meanwhile(store, die)
    run(verify_ledger(ledger, readers=1, worth=1))


def runs(pid: int) -> bool:
    """Tell whether a process is there, and has not ended unnoticed."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


@on_linux
def test_no_reader_outlives_a_service_that_was_killed(tmp_path: Path) -> None:
    kept = tmp_path / "pid"
    killed = multiprocessing.get_context("spawn").Process(target=verify_until_killed, args=(kept,))
    killed.start()
    killed.join(PATIENCE_SECONDS)
    reader = int(kept.read_text())
    until = time.monotonic() + PATIENCE_SECONDS
    while runs(reader) and time.monotonic() < until:
        time.sleep(0.02)

    assert killed.exitcode == -signal.SIGKILL
    assert not runs(reader)


def test_a_reader_that_somebody_ends_is_told_as_such_and_as_no_finding(store: LedgerStore) -> None:
    ledger: Any = Meanwhile(store, lambda pid: os.kill(pid, signal.SIGKILL))
    with pytest.raises(UnavailableError) as refused:
        run(verify_ledger(ledger, readers=1, worth=1))

    assert refused.value.code == "AUDIT_UNAVAILABLE"
