"""The one writer of this process: begin, decide, write, commit, sign, anchor, answer (protocol 7)."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from placet.adapters.sequencer.groups import Verdict
from placet.adapters.sequencer.keeper import Keeper
from placet.adapters.sqlite import reading, schema
from placet.adapters.sqlite.failures import CODE, is_busy, translated, translated_commit, unavailable
from placet.adapters.sqlite.recent import Recent
from placet.adapters.sqlite.turn import Turn
from placet.adapters.sqlite.writing import Written, write_group
from placet.domain.log import merkle
from placet.domain.log.change import Change
from placet.domain.log.sequence import LogHead
from placet.domain.values.time import cut_to_milliseconds
from placet.errors import UnavailableError
from placet.ports.world import Clock

_Files = tuple[tuple[int, int], ...]
"""Device and inode of the database and its write-ahead log, (0, 0) for one that is not there."""
_FIRST_PAUSE_SECONDS = 0.0005
_LONGEST_PAUSE_SECONDS = 0.008


class Committer:
    """Writes one group at a time over its own connection.

    A group of one is written and flushed at once, in the caller's thread. Larger groups are
    flushed in a thread, meanwhile others decide; until then nobody else uses the connection.
    """

    def __init__(self, path: Path, keeper: Keeper, clock: Clock, recent: Recent, *, wait_seconds: float) -> None:
        """Write to the file at `path`, waiting at most `wait_seconds` for other processes; tell `recent` what."""
        self._path = path
        self._turn = Turn(path.parent, lambda: _written(path))
        self._keeper = keeper
        self._clock = clock
        self._recent = recent
        self._wait_seconds = self._patience = wait_seconds
        self._connection: sqlite3.Connection | None = None
        self._files: _Files | None = None
        self._flushing = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="placet-ledger")

    @property
    def idle_connection(self) -> sqlite3.Connection | None:
        """Return the connection for reading, where nothing is being written: its cache is warm."""
        return None if self._flushing else self._connection

    async def ready(self) -> None:
        """Wait for our turn to write, which `write` then takes."""
        try:
            self._patience = await self._turn.take(self._wait_seconds)
        except BaseException:  # raised on: who does not come to write lets the next one
            self._turn.give_up()
            raise

    async def write(self, group: Sequence[Change], adopting: bool) -> Sequence[Verdict]:  # noqa: FBT001 - `WriteGroup`
        """Write `group`, as our turn is, and return one verdict each: what commits is durable, signed and anchored.

        Raise `UnavailableError` where nothing was kept or nothing may be answered, `SealedError`,
        and `OutcomeUnknownError` where COMMIT failed.
        """
        try:
            return await self._write(group, self._patience, adopting=adopting)
        finally:
            self._turn.give_up()

    async def _write(self, group: Sequence[Change], wait_seconds: float, *, adopting: bool) -> Sequence[Verdict]:
        connection = await self._begin(wait_seconds)
        try:
            written = self._decide(connection, group, adopting=adopting)
        except BaseException:  # whatever it was, a cancellation too: nothing half-written stays open
            self._abandon()
            raise
        if written.is_empty:
            self._abandon()
            return written.answers("")
        note = self._finish(written.head) if len(group) == 1 else await self._finish_in_thread(written.head)
        self._keeper.saw(written.head)
        self._recent.wrote(written)
        return written.answers(note)

    def close(self) -> None:
        """Release the connection and the thread."""
        self._thread.shutdown()
        self._forget()

    async def _begin(self, wait_seconds: float) -> sqlite3.Connection:
        """Open the transaction; only whoever stands in no line with us can be in the way."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                if self._connection is None:
                    self._connection = schema.connect_writer(self._path)
                    self._files = None
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if not is_busy(error) or loop.time() >= until:
                    raise unavailable("waiting for the write lock", error) from error
            else:
                self._check_files()
                return self._connection
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _check_files(self) -> None:
        """Refuse to write into files that nobody will find again: deleted, or replaced by a copy."""
        files = _identify(self._path)
        if self._files is None:
            self._files = files
        if files != self._files:
            self._forget()
            raise UnavailableError(
                CODE, "the ledger's file was deleted or replaced while it was open", hint="put it back and try again"
            )

    def _decide(self, connection: sqlite3.Connection, group: Sequence[Change], *, adopting: bool) -> Written:
        with translated("writing"):
            head = reading.read_head(connection)
            self._keeper.admit(head, self._root_at, adopting=adopting)
            return write_group(connection, group, head, cut_to_milliseconds(self._clock.now()))

    def _finish(self, head: LogHead) -> str:
        try:
            with translated_commit():
                self._connection_in_use().execute("COMMIT")
        except BaseException:  # what was kept is not known: the next group reads it from the file
            self._forget()
            raise
        self._turn.give_up()  # the next one need not wait for our signature and anchor
        with translated("anchoring"):
            return self._keeper.acknowledge(head, self._read_head, self._root_at)

    def _read_head(self) -> LogHead:
        return reading.read_head(self._connection_in_use())

    def _root_at(self, size: int) -> bytes:
        return merkle.root_at(size, lambda nodes: reading.read_nodes(self._connection_in_use(), nodes))

    async def _finish_in_thread(self, head: LogHead) -> str:
        self._flushing = True
        finishing = self._thread.submit(self._finish, head)
        try:
            return await asyncio.shield(asyncio.wrap_future(finishing))
        except asyncio.CancelledError:
            finishing.result()  # the event loop ends: what was begun is finished before it
            raise
        finally:
            self._flushing = False

    def _connection_in_use(self) -> sqlite3.Connection:
        if self._connection is None:
            raise sqlite3.ProgrammingError("the connection is closed")
        return self._connection

    def _abandon(self) -> None:
        try:
            if self._connection_in_use().in_transaction:  # a full disk ends it by itself
                self._connection_in_use().execute("ROLLBACK")
        except sqlite3.Error:
            self._forget()

    def _forget(self) -> None:
        """Drop the connection with whatever it holds; the next group opens another."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


def _written(path: Path) -> tuple[int, int]:
    """Return what changes whenever anybody commits: time and size of the write-ahead log."""
    try:
        found = os.stat(f"{path}-wal")  # noqa: PTH116 - as below
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _identify(path: Path) -> _Files:
    return tuple(_device_and_inode(each) for each in (path, f"{path}-wal"))


def _device_and_inode(path: Path | str) -> tuple[int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - for every commit, and of a text
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino
