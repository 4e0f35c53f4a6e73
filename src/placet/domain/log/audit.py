"""Verifying a whole log: its stretches, and everything around them (protocol 7).

`chain` checks bytes, chain, tree, checkpoints, head and anchors, and parses no body. `full` adds that
entries are canonical and that entries and tables vouch for each other, so that one byte changed in
any table but the counters is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from placet.domain.log.chain import EMPTY, Tail, tail_at, verify_chain
from placet.domain.log.checkpoint import CheckpointKey, open_checkpoint, parse_vkey
from placet.domain.log.entry import parse_genesis
from placet.domain.log.merkle import root_at
from placet.domain.log.orphans import check_nothing_else
from placet.domain.log.rows import ContradictionError, EntryRow, Finding, Layer, LogRows, contradict
from placet.domain.log.sequence import LogHead
from placet.domain.log.vouching import Said, Vouched, read_entries, vouch
from placet.domain.values.digest import sha256
from placet.domain.values.time import format_instant
from placet.errors import PlacetError, VerificationError

_ENTRIES_AT_ONCE = 1024


_Reading = tuple[list[Said], Finding | None]
Each = Callable[[Callable[[Sequence[EntryRow]], _Reading], Iterable[Sequence[EntryRow]]], Iterable[_Reading]]
"""Applies a pure function to some entries after others, in their order, as `map` does; maybe in other processes."""


class Stretch(Struct, frozen=True, kw_only=True):
    """What verifying the entries between two tails found. Where a finding stands, `end` is where it stopped."""

    begin: Tail
    end: Tail
    vouched: Vouched
    finding: Finding | None


class AuditReport(Struct, frozen=True, kw_only=True):
    """Whether a log of `size` entries holds, as far as `full` says, and what it contradicts first."""

    origin: str
    size: int
    full: bool
    finding: Finding | None


def verify_stretch(rows: LogRows, start: int, stop: int, *, full: bool, each: Each = map) -> Stretch:
    """Verify entries `start`…`stop`-1 from the tail that the rows claim for `start`."""
    begin, vouched = tail_at(rows, start), Vouched()
    chain = _Chain(rows, begin, stop)
    finding = None
    try:
        for said, malformed in each(read_entries, chain) if full else _unread(chain):
            vouch(said, rows, vouched)
            finding = malformed
            if finding:
                break
    except ContradictionError as found:
        finding = found.finding
    return Stretch(begin=begin, end=chain.end, vouched=vouched, finding=finding or chain.finding)


def conclude(
    rows: LogRows, stretches: Sequence[Stretch], notes: Sequence[str], *, full: bool, key: CheckpointKey | None = None
) -> AuditReport:
    """Put adjacent stretches from entry 0 to the head together, and check everything around them.

    `notes` are kept by others: anchors, bundles, witnesses; there must be one. `key` is the log's key
    where it is known from elsewhere.
    """
    head = rows.head()
    try:
        end, vouched = _join(stretches)
        _check_origin(rows, head, key)
        _check_head(rows, head, end)
        _check_notes(rows, head, notes)
        if full:
            check_nothing_else(rows, head.size, vouched)
            _check_erasable(rows, head.size)
    except ContradictionError as found:
        return AuditReport(origin=head.epoch, size=head.size, full=full, finding=found.finding)
    return AuditReport(origin=head.epoch, size=head.size, full=full, finding=None)


def audit(
    rows: LogRows, notes: Sequence[str], *, full: bool, key: CheckpointKey | None = None, each: Each = map
) -> AuditReport:
    """Verify a whole log in one go."""
    stretch = verify_stretch(rows, 0, rows.head().size, full=full, each=each)
    return conclude(rows, [stretch], notes, full=full, key=key)


class _Chain:
    """Walks along a stretch and verifies its chain; ends at the first contradiction and keeps it.

    What it yields stands before that contradiction, so that an earlier one is still found.
    """

    def __init__(self, rows: LogRows, begin: Tail, stop: int) -> None:
        self.end = begin
        self.finding: Finding | None = None
        self._rows = rows
        self._stop = stop

    def __iter__(self) -> Iterator[Sequence[EntryRow]]:
        while self.end.size < self._stop and self.finding is None:
            at, beyond = self.end.size, min(self._stop, self.end.size + _ENTRIES_AT_ONCE)
            entries = self._rows.entries(at, beyond)
            try:
                self.end = verify_chain(entries, self._rows.roots(at + 1, beyond + 1), self.end)
                if self.end.size < beyond:
                    contradict(Layer.SEQUENCE, self.end.size, f"entry {self.end.size} is missing")
            except ContradictionError as found:
                self.finding = found.finding
                entries = [row for row in entries if row[0] < found.finding.seq]
            yield entries


def _unread(chain: _Chain) -> Iterator[_Reading]:
    return (([], None) for _ in chain)


def _join(stretches: Sequence[Stretch]) -> tuple[Tail, Vouched]:
    end, vouched = EMPTY, Vouched()
    for stretch in stretches:
        if stretch.begin != end:
            contradict(Layer.TREE, max(end.size - 1, 0), f"the tree's nodes around entry {end.size} are not its hashes")
        if stretch.finding:
            raise ContradictionError(stretch.finding)
        end = stretch.end
        vouched.add(stretch.vouched)
    return end, vouched


def _check_origin(rows: LogRows, head: LogHead, key: CheckpointKey | None) -> None:
    (_, _, content), *_ = rows.entries(0, 1) or [(0, b"", b"")]
    try:
        origin, vkey = parse_genesis(content)
        named = parse_vkey(vkey)
    except PlacetError as error:
        contradict(Layer.ENTRY, 0, f"entry 0 does not open a log: {error.message}")
    if named.origin != origin or (key or named) != named:
        contradict(Layer.ENTRY, 0, "entry 0 names another origin or key")
    if head.epoch != origin:
        contradict(Layer.HEAD, 0, "the head names another origin than entry 0")


def _check_head(rows: LogRows, head: LogHead, end: Tail) -> None:
    last = max(head.size - 1, 0)
    if rows.bounds() != (0, head.size - 1):
        contradict(Layer.SEQUENCE, head.size, "there are entries outside the head")
    if (head.leaf, head.frontier, format_instant(head.time).encode()) != (end.leaf, end.frontier, end.time):
        contradict(Layer.HEAD, last, "the head is not what the newest entry left")
    if head.size not in rows.roots(head.size, head.size + 1):
        contradict(Layer.CHECKPOINT, last, "no root is kept for the head")
    beyond = rows.roots(head.size + 1, 2**62)
    if beyond:
        contradict(Layer.CHECKPOINT, head.size, "a root is kept for a size that the log never had")


def _check_notes(rows: LogRows, head: LogHead, notes: Sequence[str]) -> None:
    key = parse_vkey(parse_genesis(rows.entries(0, 1)[0][2])[1])
    if not notes:
        contradict(Layer.ANCHOR, head.size, "there is no anchor: nothing shows that no entry was cut off")
    for note in notes:
        try:
            kept = open_checkpoint(note, key)
        except VerificationError as error:
            contradict(Layer.ANCHOR, head.size, f"an anchor is not to be believed: {error.message}")
        if kept.size > head.size:
            contradict(Layer.ANCHOR, head.size, f"an anchor shows {kept.size} entries, there are {head.size}")
        if root_at(kept.size, rows.nodes) != kept.root:
            contradict(Layer.ANCHOR, kept.size - 1, f"the first {kept.size} entries are not those that were anchored")


def _check_erasable(rows: LogRows, size: int) -> None:
    for digest, content in rows.every_erasable():
        if sha256(content) != digest:
            contradict(Layer.ERASABLE, size, f"erasable bytes under {digest} have another digest")
