"""Verify the ledger: everything that can be recomputed is, and the first contradiction is named (protocol 7)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from placet.domain.log.audit import AuditReport, Each, audit
from placet.domain.log.checkpoint import CheckpointKey, open_checkpoint, parse_vkey
from placet.domain.log.entry import parse_genesis
from placet.domain.log.rows import LogRows
from placet.errors import PlacetError, UnavailableError, VerificationError
from placet.ports.ledger import Ledger

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

_WORTH_PROCESSES = 20_000
"""Starting processes costs as much as reading this many entries."""
_AHEAD = 4
_HINT = "give a checkpoint of this log; if it is one, the log's key was replaced, and this home is not to be trusted"

T = TypeVar("T")
R = TypeVar("R")


async def verify_ledger(
    ledger: Ledger,
    *,
    full: bool = True,
    notes: Sequence[str] = (),
    key: CheckpointKey | None = None,
    readers: int = 0,
    worth: int = _WORTH_PROCESSES,
) -> AuditReport:
    """Return whether the log holds against itself, its anchor, and `notes` kept elsewhere.

    `full` also compares entries and tables; else bodies are not parsed. `key` is the log's key where
    it is known from elsewhere (a trust root). Works while the ledger is sealed, and while others
    write: all rows are of one moment, and the anchor is read before it. Raise `UnavailableError`
    where the storage cannot be read or a reader was ended by somebody else, `VerificationError`
    (`CHECKPOINT_INVALID`) for a note that this log's key did not sign: it says nothing about this
    log, so there is no verdict.

    The entries of a log of `worth` entries or more are parsed in `readers` other processes, which
    import the program's main module: only a program with a guarded main may ask for them.
    """
    kept = ledger.kept_notes()
    with ledger.audit_rows() as rows:
        _check_signed(rows, notes)
        believed = [*kept, *notes] if kept else []
        if not full or readers == 0 or rows.head().size < worth:
            return await asyncio.to_thread(audit, rows, believed, full=full, key=key)
        with _pool(readers) as pool:
            return await asyncio.to_thread(audit, rows, believed, full=full, key=key, each=_in(pool))


def _check_signed(rows: LogRows, notes: Sequence[str]) -> None:
    try:
        (_, _, genesis), *_ = rows.entries(0, 1)
        key = parse_vkey(parse_genesis(genesis)[1])
    except (PlacetError, ValueError):  # entry 0 is missing or opens no log, which the audit will find
        return
    for note in notes:
        try:
            open_checkpoint(note, key)
        except VerificationError as error:
            raise VerificationError(error.code, error.message, hint=_HINT) from error


@contextmanager
def _pool(readers: int) -> Iterator[ProcessPoolExecutor]:
    """Start `readers` processes, for the length of a `with`."""
    import multiprocessing  # noqa: PLC0415 - every command would wait for it, and few start processes
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor  # noqa: PLC0415 - as above

    spawn = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(readers, mp_context=spawn, initializer=_live_with_parent) as pool:
            yield pool
    except BrokenProcessPool as error:
        raise UnavailableError(
            "AUDIT_UNAVAILABLE", "a process that read the ledger was ended meanwhile", hint="verify it again"
        ) from error


def _live_with_parent() -> None:
    """Heed no interrupt, which the terminal sends to the parent as well, and end where the parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from multiprocessing import parent_process  # noqa: PLC0415 - as above

    parent = parent_process()
    if parent is not None:
        Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    from multiprocessing.connection import wait  # noqa: PLC0415 - as above

    wait([sentinel])
    os._exit(1)


def _in(pool: ProcessPoolExecutor) -> Each:
    def each(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Apply as `map` does, a few items ahead of what was taken: memory stays flat."""
        ahead: deque[Future[R]] = deque()
        for item in items:
            ahead.append(pool.submit(function, item))
            if len(ahead) > _AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    return each
