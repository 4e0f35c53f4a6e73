"""The decision per group: each change against what those before it left, and every conflict alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from placet.domain.log.change import Change, Count, IndexRow
from placet.domain.log.entry import NO_LEAF, parse_entry
from placet.domain.log.merkle import leaf_hash, root_of
from placet.domain.log.sequence import Facts, LogHead, Placed, Refused, effects, sequence
from placet.domain.values.digest import sha256
from support.ledgers import ORIGIN, START, key

HEAD = LogHead(size=5, time=START, epoch=ORIGIN, leaf=NO_LEAF, frontier=(bytes(32), bytes([1]) * 32))
LATER = START + timedelta(seconds=1)
A, B = key("thing/a"), key("thing/b")
ROW = IndexRow(name="name", value="a", key=A)


def change(
    premises: Mapping[Any, int] | None = None, writes: Mapping[Any, bytes] | None = None, **members: Any
) -> Change:
    body = b'{"actor":"person:alice","data":{},"id":"evt_1","once":[],"state":[],"subject":"","type":"a"}'
    return Change(
        **{"epoch": ORIGIN, "premises": premises or {}, "writes": writes or {}, "body": body, "once": (), **members}
    )


def facts(revisions: Mapping[Any, int] | None = None, once: Mapping[str, int] | None = None, **counters: int) -> Facts:
    return Facts(revisions=dict(revisions or {}), once=dict(once or {}), counters=counters)


def decided(*group: Change, given: Facts | None = None) -> list[Placed | Refused]:
    return sequence(group, given or facts(), HEAD, LATER)[0]


def test_a_change_without_premises_takes_the_next_place() -> None:
    (placed,), head = sequence([change()], facts(), HEAD, LATER)
    assert isinstance(placed, Placed)
    entry = parse_entry(placed.content)
    assert (placed.seq, entry.seq, entry.prev, entry.time) == (5, 5, NO_LEAF, LATER)
    assert (head.size, head.leaf, head.time, head.epoch) == (6, leaf_hash(placed.content), LATER, ORIGIN)
    assert placed.nodes[:32] == head.leaf
    assert head.root == root_of(head.frontier)


def test_a_group_is_one_chain_with_one_time() -> None:
    placed, head = sequence([change(), change(), change()], facts(), HEAD, LATER)
    entries = [parse_entry(one.content) for one in placed if isinstance(one, Placed)]
    assert [entry.seq for entry in entries] == [5, 6, 7]
    assert entries[2].prev == leaf_hash(placed[1].content if isinstance(placed[1], Placed) else b"")
    assert {entry.time for entry in entries} == {LATER}
    assert head.size == 8


def test_time_never_goes_back() -> None:
    (placed,), head = sequence([change()], facts(), HEAD, START - timedelta(hours=1))
    assert isinstance(placed, Placed)
    assert parse_entry(placed.content).time == head.time == START


def test_where_nothing_commits_the_head_stays() -> None:
    verdicts, head = sequence([change({A: 3})], facts(), HEAD, LATER)
    assert verdicts == [Refused("premise", A)]
    assert head is HEAD


def test_premises_hold_at_exactly_their_revision() -> None:
    given = {A: 3}
    assert isinstance(decided(change({A: 3, B: 0}), given=facts(given))[0], Placed)
    for wrong in (0, 2, 4):
        assert decided(change({A: wrong}), given=facts(given)) == [Refused("premise", A)]
    assert decided(change({B: 1}), given=facts(given)) == [Refused("premise", B)]


def test_a_write_moves_the_revision_for_those_behind_it() -> None:
    first, second, third = decided(change({A: 0}, {A: b"1"}), change({A: 0}), change({A: 5}))
    assert isinstance(first, Placed)
    assert second == Refused("premise", A)
    assert isinstance(third, Placed)


def test_a_deletion_leaves_revision_zero() -> None:
    given = facts({A: 3})
    first, second = decided(change({A: 3}, {A: b""}), change({A: 0}, {A: b"1"}), given=given)
    assert isinstance(first, Placed)
    assert isinstance(second, Placed)
    assert given.revisions[A] == 6


def test_a_refused_change_leaves_nothing_behind() -> None:
    refused = change({A: 9}, {A: b"1"}, once=("once",), counters={"n": Count(add=1, limit=1)})
    after = change({A: 0}, once=("once",), counters={"n": Count(add=1, limit=1)})
    first, second = decided(refused, after)
    assert first == Refused("premise", A)
    assert isinstance(second, Placed)
    assert second.seq == 5


def test_a_used_once_key_names_its_first_use_before_any_premise() -> None:
    given = facts(once={"effect/1": 2})
    assert decided(change({A: 9}, once=("effect/1",)), given=given) == [Refused("once", "effect/1", 2)]
    first, second = decided(change(once=("effect/2",)), change(once=("effect/0", "effect/2")))
    assert isinstance(first, Placed)
    assert second == Refused("once", "effect/2", 5)


def test_counters_add_up_to_their_limit() -> None:
    one = change(counters={"n": Count(add=2, limit=5)})
    verdicts = decided(one, one, one, given=facts(n=1))
    assert [isinstance(verdict, Placed) for verdict in verdicts] == [True, True, False]
    assert verdicts[2] == Refused("counter", "n")
    assert isinstance(decided(change(counters={"m": Count(add=5, limit=5)}))[0], Placed)


def test_a_change_is_valid_before_its_end_and_not_at_it() -> None:
    assert decided(change(valid_until=LATER)) == [Refused("expired", "2026-01-02T03:04:06.000Z")]
    assert isinstance(decided(change(valid_until=LATER + timedelta(milliseconds=1)))[0], Placed)


def test_validity_is_judged_by_the_time_that_is_stamped() -> None:
    (verdict,), _ = sequence([change(valid_until=START)], facts(), HEAD, START - timedelta(days=1))
    assert verdict == Refused("expired", "2026-01-02T03:04:05.000Z")


def test_another_epoch_comes_before_everything() -> None:
    assert decided(change({A: 9}, epoch="other")) == [Refused("epoch", ORIGIN)]


def test_effects_are_what_the_last_writer_left() -> None:
    digest = sha256(b"1")
    placed = decided(
        change({A: 0, B: 0}, {A: b"1", B: b"1"}, index_in=(ROW,), detached={digest: b"1"}, erasable={digest: b"1"}),
        change({A: 5}, {A: b"2"}, index_out=(ROW,)),
        change({B: 5}, {B: b""}),
    )
    net = effects([one for one in placed if isinstance(one, Placed)])
    assert net.entities == {A: (6, b"2"), B: (7, b"")}
    assert net.index == {ROW: False}
    assert net.detached == net.erasable == {digest: b"1"}


def test_an_index_row_that_left_and_came_back_is_there() -> None:
    placed = decided(change(index_out=(ROW,)), change(index_in=(ROW,)))
    assert effects([one for one in placed if isinstance(one, Placed)]).index == {ROW: True}
