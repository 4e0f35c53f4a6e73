"""Entries that are proven to stand in the log, and what each was used for (protocol 7 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import pairwise
from typing import Generic, TypeVar

from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value
from placet.domain.log.checkpoint import Checkpoint
from placet.domain.log.entry import parse_entry, read_detached_data
from placet.domain.log.merkle import leaf_hash, verify_inclusion
from placet.domain.log.record_types import EntryType
from placet.domain.values.digest import sha256
from placet.domain.verification.bundle import LoggedEntry
from placet.errors import InvalidInputError, VerificationError

T = TypeVar("T")
_MALFORMED = "BUNDLE_MALFORMED"


class ProvenEntry(Struct, frozen=True, kw_only=True):
    """An entry that the checkpoint covers: its place, the time stamped on it, its type and data."""

    seq: int
    time: datetime
    type: str
    data: Object


class Found(Struct, Generic[T], frozen=True, kw_only=True):
    """What an entry records, with its place and time in the log."""

    seq: int
    time: datetime
    record: T


def prove_entries(entries: Iterable[LoggedEntry], checkpoint: Checkpoint) -> tuple[ProvenEntry, ...]:
    """Return the entries once each is proven to stand under `checkpoint`.

    Raise `VerificationError` (`PROOF_INVALID`), and `InvalidInputError` (`BUNDLE_MALFORMED`) for
    entries out of order and for detached data that is not the entry's; as `parse_entry`.
    """
    proven = tuple(_prove(each, checkpoint) for each in entries)
    if any(after.seq <= before.seq for before, after in pairwise(proven)):
        raise InvalidInputError(_MALFORMED, "the bundle's entries are not in the log's order")
    return proven


def _prove(logged: LoggedEntry, checkpoint: Checkpoint) -> ProvenEntry:
    entry = parse_entry(logged.entry)
    verify_inclusion(leaf_hash(logged.entry), entry.seq, checkpoint.size, logged.proof, checkpoint.root)
    data = entry.body.data
    if isinstance(data, str):
        if sha256(logged.data) != data:
            raise InvalidInputError(_MALFORMED, f"the detached data of entry {entry.seq} is missing or other data")
        data = read_detached_data(logged.data)
    elif logged.data:
        raise InvalidInputError(_MALFORMED, f"entry {entry.seq} has no detached data")
    return ProvenEntry(seq=entry.seq, time=entry.time, type=entry.body.type, data=data)


class Evidence:
    """The proven entries of one bundle; it remembers which were needed, so that none can be smuggled in."""

    def __init__(self, entries: tuple[ProvenEntry, ...]) -> None:
        """Start with none of `entries` used."""
        self._entries = entries
        self._used: set[int] = set()

    def find(
        self, types: Collection[EntryType], read: Callable[[Value], T], fits: Callable[[T], bool]
    ) -> Found[T] | None:
        """Return the one entry of these types whose record fits, None where there is none.

        Raise `InvalidInputError` (`BUNDLE_MALFORMED`) where several fit, and as `read`.
        """
        found = [each for each in self.every(types, read) if fits(each.record)]
        if len(found) > 1:
            raise InvalidInputError(_MALFORMED, f"entries {found[0].seq} and {found[1].seq} prove the same thing")
        self._used.update(each.seq for each in found)
        return found[0] if found else None

    def need(
        self, types: Collection[EntryType], read: Callable[[Value], T], fits: Callable[[T], bool], *, what: str
    ) -> Found[T]:
        """Return the one entry that fits, or raise `VerificationError` (`EVIDENCE_MISSING`), naming it."""
        found = self.find(types, read, fits)
        if found is None:
            raise VerificationError("EVIDENCE_MISSING", f"the bundle does not prove {what}")
        return found

    def every(self, types: Collection[EntryType], read: Callable[[Value], T]) -> list[Found[T]]:
        """Return all entries of these types, in the log's order, without counting them as used."""
        return [
            Found(seq=each.seq, time=each.time, record=read(each.data)) for each in self._entries if each.type in types
        ]

    def use(self, found: Found[T]) -> None:
        """Count an entry as needed."""
        self._used.add(found.seq)

    def check_nothing_left(self) -> None:
        """Raise `InvalidInputError` (`BUNDLE_MALFORMED`) if an entry was needed for nothing."""
        left = [each.seq for each in self._entries if each.seq not in self._used]
        if left:
            raise InvalidInputError(_MALFORMED, f"entry {left[0]} is no evidence for this publication")
