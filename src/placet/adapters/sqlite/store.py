"""The store in one SQLite file: many readers, one group of writes at a time, from any process."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from placet.adapters.sequencer.groups import Grouped, Groups, ungrouped
from placet.adapters.sequencer.keeper import Keeper
from placet.adapters.sqlite import reading, schema
from placet.adapters.sqlite.committer import Committer
from placet.adapters.sqlite.failures import CODE, translated
from placet.adapters.sqlite.recent import Recent
from placet.adapters.sqlite.rows import SqliteRows, open_rows
from placet.adapters.sqlite.writing import write_first
from placet.domain.log import merkle
from placet.domain.log.change import Change, Committed, EntityKey, IndexRow, Snapshot
from placet.domain.log.checkpoint import CheckpointKey, CheckpointSigner, parse_origin
from placet.domain.log.entry import genesis
from placet.domain.log.sequence import LogHead
from placet.domain.values.digest import Digest
from placet.domain.values.time import cut_to_milliseconds
from placet.errors import ConfigurationError, InvalidInputError, NotFoundError, UnavailableError
from placet.ports.anchor import Anchor
from placet.ports.ledger import LedgerStatus
from placet.ports.world import Clock

WAIT_FOR_LOCK_SECONDS = 10.0
_ENTRIES_AT_ONCE = 256
_ENTRIES = "SELECT content FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq"
_ONCE = "SELECT seq FROM once WHERE key = ?"
_DETACHED = "SELECT content FROM detached WHERE digest = ?"
_ERASABLE = "SELECT content FROM erasable WHERE digest = ?"
_ROOT = "SELECT root FROM checkpoint WHERE size = ?"
_VERIFY = "run `placet ledger verify`"
_ENTRY = "SELECT content FROM entry WHERE seq = ?"


class SqliteStore:
    """A log in one SQLite file (`Store` and `Ledger`). Any number of processes may open it.

    Belongs to one thread at a time. Reads go over the idle writer's connection, whose cache is
    warm, and over a connection of their own while a group is flushed.
    """

    def __init__(
        self,
        path: Path,
        signer: CheckpointSigner,
        anchor: Anchor,
        clock: Clock,
        *,
        wait_seconds: float = WAIT_FOR_LOCK_SECONDS,
        grouped: Grouped = ungrouped,
    ) -> None:
        """Open the log at `path`; reading works even where it turns out to be sealed.

        `grouped` is told how many changes each group has.
        Raise `ConfigurationError` (`LEDGER_NOT_FOUND`, `SCHEMA_UNKNOWN`, `CHECKPOINT_KEY_MISMATCH`)
        and `UnavailableError` (`AUDIT_UNAVAILABLE`).
        """
        self._path = path
        with translated("opening"):
            self._reader = _open(path)
            first = reading.one_value(self._reader, _ENTRY, 0)
            origin = reading.read_head(self._reader).epoch
        self._keeper = Keeper.of(first if isinstance(first, bytes) else b"", origin, signer, anchor)
        self._recent = Recent()
        self._committer = Committer(path, self._keeper, clock, self._recent, wait_seconds=wait_seconds)
        self._groups = Groups(self._committer.write, grouped, self._committer.ready)
        self._watch()

    @classmethod
    def create(cls, path: Path, *, origin: str, signer: CheckpointSigner, anchor: Anchor, clock: Clock) -> SqliteStore:
        """Open a new log of `origin` at `path`: its first entry and its first anchor.

        Raise `ConfigurationError` (`LEDGER_EXISTS`) where there is one; what a killed `create` left
        is none. Nothing is half-made: the schema and entry 0 are one transaction.
        """
        key = CheckpointKey(origin=parse_origin(origin), public_key=signer.public_key)
        time = cut_to_milliseconds(clock.now())
        content = genesis(origin=origin, vkey=key.vkey(), time=time)
        leaf = merkle.leaf_hash(content)
        frontier, nodes = merkle.append((), 0, leaf)
        head = LogHead(size=1, time=time, epoch=origin, leaf=leaf, frontier=frontier)
        keeper = Keeper(key, signer, anchor)
        with translated("creating"):
            _create(path, content, nodes, head)
        keeper.acknowledge(head, lambda: head, lambda _: head.root)
        return cls(path, signer, anchor, clock)

    async def load(self, keys: Collection[EntityKey]) -> Snapshot:
        """Return the entities under `keys` and the head, all of one moment."""
        with translated("loading"):
            snapshot = self._recent.load(self._connection, keys)
        self._keeper.glimpse(snapshot.head.size)
        return snapshot

    async def commit(self, change: Change) -> Committed:
        """Write `change` and its entry, as `Store.commit` says."""
        return await self._groups.commit(change)

    async def adopt(self, change: Change) -> Committed:
        """Commit `change` although the anchor is missing, as `Ledger.adopt` says."""
        return await self._groups.commit(change, adopting=True)

    async def find(
        self, index: str, value: str, *, after: IndexRow | None = None, skip: int = 0, limit: int = 100
    ) -> list[IndexRow]:
        """Return index rows whose value starts with `value`, by value and key, after the row `after`."""
        with translated("finding"):
            return reading.find(self._connection, index, value, after, (skip, limit))

    async def count(self, index: str, value: str, *, least: str = "", below: str = "") -> int:
        """Return how many index rows have a value that starts with `value`, from `least` on and below `below`."""
        with translated("counting"):
            return reading.count(self._connection, index, value, least, below)

    async def entries(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Yield the exact bytes of entries `start`…`stop`-1, in order."""
        for at in range(start, stop, _ENTRIES_AT_ONCE):
            with translated("reading entries"):
                rows = self._connection.execute(_ENTRIES, (at, min(stop, at + _ENTRIES_AT_ONCE))).fetchall()
            for (content,) in rows:
                yield content
            if not rows:
                return

    async def once_seq(self, once: str) -> int | None:
        """Return the sequence number of the entry that used a once key, or None."""
        with translated("reading a once key"):
            seq = reading.one_value(self._connection, _ONCE, once)
        return seq if isinstance(seq, int) else None

    async def detached(self, digest: Digest) -> bytes:
        """Return detached bytes by digest, or raise `NotFoundError` (`DETACHED_NOT_FOUND`)."""
        with translated("reading detached data"):
            content = reading.one_value(self._connection, _DETACHED, digest)
        if not isinstance(content, bytes):
            raise NotFoundError("DETACHED_NOT_FOUND", f"nothing was detached under {digest}")
        return content

    async def erasable(self, digest: Digest) -> bytes | None:
        """Return erasable bytes by digest, or None where they were erased."""
        with translated("reading erasable data"):
            content = reading.one_value(self._connection, _ERASABLE, digest)
        return content if isinstance(content, bytes) else None

    async def checkpoint(self, size: int | None = None) -> str:
        """Return the signed note of the head, or of an earlier group's end at `size`.

        Raise `NotFoundError` (`CHECKPOINT_NOT_FOUND`), and `UnavailableError` rather than sign a
        kept root that the tree does not have.
        """
        with translated("reading a checkpoint"):
            head = reading.read_head(self._connection)
            self._keeper.glimpse(head.size)
            at = head.size if size is None else size
            kept = reading.one_value(self._connection, _ROOT, at) if at <= head.size else None
            root = self._root_at(at) if isinstance(kept, bytes) else b""
        if kept is None:
            raise NotFoundError("CHECKPOINT_NOT_FOUND", f"no group of entries ended at size {at}")
        if kept != root:
            raise UnavailableError("AUDIT_UNAVAILABLE", f"the kept root of size {at} is not the tree's", hint=_VERIFY)
        return self._keeper.sign(at, root)

    async def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """Return the RFC 6962 audit path of entry `seq` in the tree of `size` entries.

        Raise `InvalidInputError` (`PROOF_OUT_OF_RANGE`).
        """
        with translated("proving"):
            if not 0 <= seq < size <= reading.read_head(self._connection).size:
                raise InvalidInputError("PROOF_OUT_OF_RANGE", f"there is no entry {seq} in a tree of {size} entries")
            return merkle.inclusion_proof(seq, size, self._read_nodes)

    async def consistency_proof(self, old_size: int, new_size: int) -> list[bytes]:
        """Return the RFC 6962 consistency proof between two sizes.

        Raise `InvalidInputError` (`PROOF_OUT_OF_RANGE`).
        """
        with translated("proving"):
            if not 0 <= old_size <= new_size <= reading.read_head(self._connection).size:
                raise InvalidInputError("PROOF_OUT_OF_RANGE", f"the log did not grow from {old_size} to {new_size}")
            return merkle.consistency_proof(old_size, new_size, self._read_nodes)

    async def status(self) -> LedgerStatus:
        """Return the state of the head now, checked against the anchor."""
        self._watch()
        with translated("reading the head"):
            head = reading.read_head(self._connection)
        key = self._keeper.key
        return LedgerStatus(
            origin=head.epoch, size=head.size, root=head.root, time=head.time, vkey=key.vkey(), seal=self._keeper.seal
        )

    async def observe(self, note: str) -> None:
        """Compare the log with a signed note that was kept elsewhere, as `Ledger.observe` says."""
        with translated("observing a checkpoint"):
            self._keeper.observe(note, reading.read_head(self._connection), self._root_at)

    def kept_notes(self) -> tuple[str, ...]:
        """Return the notes in the anchor, believed in nothing."""
        return self._keeper.kept_notes()

    def audit_rows(self) -> AbstractContextManager[SqliteRows]:
        """Open all rows of one moment for verification, over a connection of their own."""
        return open_rows(self._path)

    async def close(self) -> None:
        """Finish what was accepted and release the file."""
        await self._groups.finish()
        self._committer.close()
        self._reader.close()
        self._keeper.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._committer.idle_connection or self._reader

    def _watch(self) -> None:
        with translated("comparing with the anchor"):
            self._keeper.watch(lambda: reading.read_head(self._connection), self._root_at)

    def _read_nodes(self, nodes: Sequence[merkle.Node]) -> list[bytes]:
        return reading.read_nodes(self._connection, nodes)

    def _root_at(self, size: int) -> bytes:
        return merkle.root_at(size, self._read_nodes)


def _open(path: Path) -> sqlite3.Connection:
    """Return a reader of the file at `path`, migrated where needed."""
    if not path.exists():
        raise _nothing_at(path)
    if not schema.is_writable(path):
        return _open_read_only(path)
    writer = schema.connect_writer(path)
    try:
        if schema.version(writer) == 0:
            raise _nothing_at(path)
        if schema.needs_migration(writer):
            writer.execute("BEGIN IMMEDIATE")
            schema.migrate(writer)
            writer.execute("COMMIT")
        return schema.connect_reader(path)
    finally:
        writer.close()


def _open_read_only(path: Path) -> sqlite3.Connection:
    """Return a reader of a file that is as it is, which an auditor's copy may be."""
    reader = schema.connect_reader(path)
    try:
        _check_as_it_is(path, reader)
    except BaseException:  # raised on: only the connection must not stay open
        reader.close()
        raise
    return reader


def _check_as_it_is(path: Path, reader: sqlite3.Connection) -> None:
    if schema.version(reader) == 0:
        raise _nothing_at(path)
    if schema.needs_migration(reader):
        raise UnavailableError(
            CODE,
            f"the ledger at {path} is of an older Placet, and its home cannot be written",
            hint="copy the whole home to a place that can be written",
        )


def _create(path: Path, content: bytes, nodes: bytes, head: LogHead) -> None:
    schema.make_file(path)
    writer = schema.connect_writer(path)
    try:
        writer.execute("BEGIN IMMEDIATE")
        if schema.version(writer) != 0:
            raise ConfigurationError("LEDGER_EXISTS", f"there is a ledger at {path} already")
        schema.migrate(writer)
        write_first(writer, content, nodes, head)
        writer.execute("COMMIT")
    finally:
        writer.close()


def _nothing_at(path: Path) -> ConfigurationError:
    return ConfigurationError("LEDGER_NOT_FOUND", f"there is no ledger at {path}", hint="run `placet init` first")
