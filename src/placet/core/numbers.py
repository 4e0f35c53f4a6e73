"""Numbers in a row for certificate names: never used twice, gaps allowed (contract 2).

One counter that every certificate reads and writes would let one be issued at a time. So a process
takes numbers in blocks, each twice as long as the one before: a command that needs one number
leaves no gap, and a busy server comes to its counter rarely. Numbers of a block that nobody used
when the process ends are a gap.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping

from msgspec import Struct

from placet.core.entities.stored import entity_of, record_of, with_index
from placet.domain.encoding.canonical import Object
from placet.domain.log.change import EntityKey, Snapshot

LONGEST_BLOCK = 256
MOST_SEQUENCES = 10_000


def sequence_key(name: str) -> EntityKey:
    """Return the key of the sequence `name`."""
    return EntityKey(f"sequence/{name}")


class _Block(Struct, frozen=True, kw_only=True):
    """Numbers from `next` up to, not including, `end`; the block after it will have `length`."""

    next: int
    end: int
    length: int


class Drawn(Struct, frozen=True, kw_only=True):
    """One number of each sequence: `writes` take the blocks that some of them begin.

    What is drawn is used once its change is committed, and given back where it surely is not.
    """

    numbers: Mapping[EntityKey, int]
    writes: Mapping[EntityKey, Object]
    blocks: Mapping[EntityKey, _Block]


class Numbers:
    """The numbers that this process has taken and not used, by sequence."""

    def __init__(self) -> None:
        """Have none."""
        self._blocks: OrderedDict[EntityKey, _Block] = OrderedDict()

    def premises(self, sequences: Collection[EntityKey]) -> set[EntityKey]:
        """Return which of these sequences have to be loaded, for nothing of them is left here."""
        return {key for key in sequences if self._left(key) is None}

    def draw(self, snapshot: Snapshot, sequences: Collection[EntityKey]) -> Drawn:
        """Return the next number of each sequence; those of `premises` must be loaded."""
        numbers: dict[EntityKey, int] = {}
        writes: dict[EntityKey, Object] = {}
        blocks: dict[EntityKey, _Block] = {}
        for key in sequences:
            block = self._left(key)
            if block is None:
                block = self._fresh(snapshot, key)
                writes[key] = with_index({"taken": block.end - 1}, [])
            else:
                self._keep(key, _Block(next=block.next + 1, end=block.end, length=block.length))
            numbers[key], blocks[key] = block.next, block
        return Drawn(numbers=numbers, writes=writes, blocks=blocks)

    def used(self, drawn: Drawn) -> None:
        """Keep what is left of the blocks that `drawn` took: its change is committed."""
        for key in drawn.writes:
            block = drawn.blocks[key]
            if self._left(key) is None:
                self._keep(key, _Block(next=block.next + 1, end=block.end, length=block.length))

    def give_back(self, drawn: Drawn) -> None:
        """Take back the numbers of `drawn`, whose change surely was not committed, where they are still the last."""
        for key, block in drawn.blocks.items():
            left = self._blocks.get(key)
            if key not in drawn.writes and left is not None and left.next == block.next + 1:
                self._keep(key, block)

    def _left(self, key: EntityKey) -> _Block | None:
        block = self._blocks.get(key)
        return block if block is not None and block.next < block.end else None

    def _fresh(self, snapshot: Snapshot, key: EntityKey) -> _Block:
        before = self._blocks.get(key)
        length = min(2 * before.length, LONGEST_BLOCK) if before else 1
        taken = _taken(snapshot, key)
        return _Block(next=taken + 1, end=taken + 1 + length, length=length)

    def _keep(self, key: EntityKey, block: _Block) -> None:
        self._blocks[key] = block
        self._blocks.move_to_end(key)
        if len(self._blocks) > MOST_SEQUENCES:
            self._blocks.popitem(last=False)


def _taken(snapshot: Snapshot, key: EntityKey) -> int:
    entity = entity_of(snapshot, key)
    if entity is None:
        return 0
    record = record_of(entity, "sequence")
    taken = record.integer("taken")
    record.end()
    return taken
