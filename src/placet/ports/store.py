"""The one door for state: load premises, commit a change, read the ledger (protocol 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Protocol

from placet.domain.log.change import Change, Committed, EntityKey, IndexRow, Snapshot
from placet.domain.values.digest import Digest
from placet.errors import PlacetError, UnavailableError


class ConflictError(PlacetError):
    """A premise of a change no longer held; nothing of it was written. Decide again.

    `reason` is `premise`, `once`, `counter`, `expired` or `epoch`; `name` the entity key, once
    key, counter, or the instant that has passed; `first_use` the sequence number that used the once key first.
    """

    exit_code = 7

    def __init__(self, reason: str, name: str, *, first_use: int = 0) -> None:
        """Say which premise failed."""
        super().__init__("CONFLICT", f"the state moved meanwhile ({reason}: {name})")
        self.reason = reason
        self.name = name
        self.first_use = first_use


class SealedError(UnavailableError):
    """The ledger is behind a checkpoint that somebody kept, or differs from it: effects stop."""


class OutcomeUnknownError(UnavailableError):
    """The database failed while committing; load again to learn what was kept."""


class Store(Protocol):
    """Entities under premises and the ledger that vouches for them.

    Any number of tasks and processes may use one store at once. Every method may raise
    `UnavailableError` (`AUDIT_UNAVAILABLE`) when the storage cannot be read or written.
    """

    async def load(self, keys: Collection[EntityKey]) -> Snapshot:
        """Return the entities under `keys` and the head, all of one moment."""
        ...

    async def commit(self, change: Change) -> Committed:
        """Write `change` and its entry; on return both are on disk, signed and anchored.

        Raise `ConflictError` if a premise failed (nothing was written), `SealedError`, or
        `OutcomeUnknownError` if it cannot be told. A cancelled caller's change may commit.
        """
        ...

    async def find(
        self, index: str, value: str, *, after: IndexRow | None = None, skip: int = 0, limit: int = 100
    ) -> list[IndexRow]:
        """Return index rows whose value starts with `value`, by value and key, after the row `after`.

        The first `skip` of them are left out. For people to look around; never a premise of a decision.
        """
        ...

    async def count(self, index: str, value: str, *, least: str = "", below: str = "") -> int:
        """Return how many index rows have a value that starts with `value`.

        Where they are given, it is also at least `least` and below `below`, in the order of `find`.
        """
        ...

    def entries(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Yield the exact bytes of entries `start`…`stop`-1, in order."""
        ...

    async def once_seq(self, once: str) -> int | None:
        """Return the sequence number of the entry that used a once key, or None."""
        ...

    async def detached(self, digest: Digest) -> bytes:
        """Return detached bytes by digest, or raise `NotFoundError`."""
        ...

    async def erasable(self, digest: Digest) -> bytes | None:
        """Return erasable bytes (salt and content) by digest, or None where they were erased."""
        ...

    async def checkpoint(self, size: int | None = None) -> str:
        """Return the signed note of the head, or of an earlier group's end at `size`."""
        ...

    async def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """Return the RFC 6962 audit path of entry `seq` in the tree of `size` entries."""
        ...

    async def consistency_proof(self, old_size: int, new_size: int) -> list[bytes]:
        """Return the RFC 6962 consistency proof between two sizes."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and release the storage."""
        ...
