"""Verify the ledger: everything that can be recomputed is, and the first contradiction is named (protocol 7)."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

from placet.domain.log.audit import AuditReport, Each, audit
from placet.domain.log.checkpoint import CheckpointKey
from placet.ports.ledger import Ledger

_WORTH_PROCESSES = 20_000
"""Starting processes costs as much as reading this many entries."""
_AHEAD = 4

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
    where the storage cannot be read.

    The entries of a log of `worth` entries or more are parsed in `readers` other processes, which
    import the program's main module: only a program with a guarded main may ask for them.
    """
    kept = ledger.kept_notes()
    with ledger.audit_rows() as rows:
        believed = [*kept, *notes] if kept else []
        if not full or readers == 0 or rows.head().size < worth:
            return await asyncio.to_thread(audit, rows, believed, full=full, key=key)
        with ProcessPoolExecutor(readers, mp_context=multiprocessing.get_context("spawn")) as pool:
            return await asyncio.to_thread(audit, rows, believed, full=full, key=key, each=_in(pool))


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
