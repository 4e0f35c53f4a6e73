"""Readers that remember: what was read last is not read again, within bounds that nobody's entities can burst."""

from __future__ import annotations

from placet.core.entities.stored import remembered
from placet.domain.log.change import Entity

READ: list[int] = []


@remembered
def length(entity: Entity) -> int:
    READ.append(len(entity.content))
    return len(entity.content)


def times_read(content: bytes) -> int:
    READ.clear()
    for _ in range(3):
        assert length(Entity(revision=1, content=content)) == len(content)
    return len(READ)


def test_what_was_read_last_is_not_read_again() -> None:
    assert times_read(b"a" * 100) == 1


def test_what_is_long_is_read_each_time() -> None:
    assert times_read(b"a" * 16_385) == 3


def test_what_was_read_long_ago_is_read_again() -> None:
    assert times_read(b"first") == 1
    for number in range(300):
        length(Entity(revision=1, content=b"%d" % number))
    assert times_read(b"first") == 1
    assert times_read(b"first") == 0
