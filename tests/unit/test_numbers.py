"""Numbers in a row: never twice, taken in blocks that grow (contract 2)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from placet.core.numbers import LONGEST_BLOCK, MOST_SEQUENCES, Drawn, Numbers, sequence_key
from placet.domain.encoding.canonical import encode
from placet.domain.log.change import Entity, EntityKey, Snapshot
from support.ledgers import run
from support.world import World

HEAD = run(World().context.store.load([])).head
DAY = sequence_key("certificate/20251113")


class Counter:
    """A sequence as the store has it, and the processes that take numbers from it."""

    def __init__(self, processes: int = 1) -> None:
        self.stored = Snapshot(head=HEAD, entities={})
        self.processes = [Numbers() for _ in range(processes)]

    def draw(self, process: int = 0, *keys: EntityKey) -> Drawn:
        return self.processes[process].draw(self.stored, keys or (DAY,))

    def write(self, drawn: Drawn) -> None:
        """Keep what the change that it belongs to writes."""
        for key, value in drawn.writes.items():
            content = encode({**value, "salt": "0" * 32})
            self.stored = Snapshot(
                head=self.stored.head, entities={**self.stored.entities, key: Entity(revision=1, content=content)}
            )

    def commit(self, drawn: Drawn, process: int = 0) -> int:
        """Keep what was drawn, and let the process know."""
        self.write(drawn)
        self.processes[process].used(drawn)
        return next(iter(drawn.numbers.values()))

    def next(self, process: int = 0) -> int:
        return self.commit(self.draw(process), process)


def test_one_process_after_another_leaves_no_gap_where_each_needs_one_number() -> None:
    counter = Counter(processes=5)

    assert [counter.next(process) for process in range(5)] == [1, 2, 3, 4, 5]


def test_a_process_comes_to_the_store_rarely() -> None:
    counter = Counter()
    written = 0
    for _ in range(5 * LONGEST_BLOCK):
        drawn = counter.draw()
        written += len(drawn.writes)
        counter.commit(drawn)

    assert written <= LONGEST_BLOCK.bit_length() + 5


def test_only_what_a_process_has_used_up_is_a_premise() -> None:
    counter = Counter()
    assert counter.processes[0].premises([DAY]) == {DAY}

    for _ in range(2):  # a block of one, then one of two
        counter.next()

    assert counter.processes[0].premises([DAY]) == set()


def test_what_was_given_back_is_drawn_again_and_nothing_else() -> None:
    counter = Counter()
    for _ in range(4):
        counter.next()
    first, second = counter.draw(), counter.draw()

    counter.processes[0].give_back(first)  # a later one is out: it becomes a gap
    third = counter.draw()
    counter.processes[0].give_back(third)

    assert second.numbers[DAY] == first.numbers[DAY] + 1
    assert third.numbers[DAY] == second.numbers[DAY] + 1
    assert counter.draw().numbers == third.numbers


def test_a_block_that_was_not_committed_is_nobodys() -> None:
    counter = Counter()
    lost = counter.draw()
    counter.processes[0].give_back(lost)

    assert counter.draw().numbers == lost.numbers


def test_who_hears_late_of_a_block_that_it_took_gives_it_up_for_a_newer_one() -> None:
    counter = Counter()
    counter.next()
    late = counter.draw()
    counter.write(late)
    newer = counter.draw()
    counter.commit(newer)

    counter.processes[0].used(late)

    assert counter.next() == newer.numbers[DAY] + 1


def test_what_is_kept_is_bounded() -> None:
    counter = Counter()
    for number in range(MOST_SEQUENCES + 10):
        counter.commit(counter.draw(0, sequence_key(f"chitty/p{number}/2025")))

    assert len(counter.processes[0]._blocks) == MOST_SEQUENCES


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=60))
def test_no_number_is_used_twice_whoever_takes_it_and_whatever_fails(steps: list[tuple[int, bool]]) -> None:
    counter = Counter(processes=3)
    used = []
    for process, committed in steps:
        drawn = counter.draw(process)
        if committed:
            used.append(counter.commit(drawn, process))
        else:
            counter.processes[process].give_back(drawn)

    assert len(set(used)) == len(used)
