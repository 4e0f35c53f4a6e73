"""Laws of the group decision, against a plain reading of the protocol."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from placet.domain.log.change import Change, Count, EntityKey
from placet.domain.log.entry import NO_LEAF
from placet.domain.log.sequence import Facts, LogHead, Placed, effects, sequence
from support.ledgers import ORIGIN, START

KEYS = [EntityKey(f"thing/{name}") for name in "abc"]
HEAD = LogHead(size=4, time=START, epoch=ORIGIN, leaf=NO_LEAF, frontier=(bytes(32),))

premises = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 8), max_size=3)
changes = st.builds(
    lambda held, written, once, counted, epoch: Change(
        epoch=epoch,
        premises=held,
        writes={key: content for key, content in written.items() if key in held},
        body=b"{}",
        once=tuple(sorted(once)),
        counters={name: Count(add=1, limit=3) for name in counted},
    ),
    premises,
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from([b"", b"1"]), max_size=3),
    st.sets(st.sampled_from(["x", "y"]), max_size=1),
    st.sets(st.sampled_from(["n", "m"]), max_size=1),
    st.sampled_from([ORIGIN] * 9 + ["other"]),
)
states = st.builds(
    Facts,
    revisions=st.dictionaries(st.sampled_from(KEYS), st.integers(1, 3)),
    once=st.dictionaries(st.sampled_from(["x", "y"]), st.integers(1, 3), max_size=1),
    counters=st.dictionaries(st.sampled_from(["n", "m"]), st.integers(0, 3)),
)


@given(st.lists(changes, max_size=8), states)
def test_a_group_is_decided_as_its_changes_one_after_the_other(group: list[Change], facts: Facts) -> None:
    together, one_by_one = deepcopy(facts), deepcopy(facts)
    verdicts, head = sequence(group, together, HEAD, START)
    at, alone = HEAD, []
    for change in group:
        (verdict,), at = sequence([change], one_by_one, at, START)
        alone.append(verdict)
    assert (verdicts, head, together) == (alone, at, one_by_one)


@given(st.lists(changes, max_size=8), states)
def test_no_two_writers_of_one_revision_and_no_two_uses_of_one_key(group: list[Change], facts: Facts) -> None:
    before = deepcopy(facts)
    verdicts, _ = sequence(group, facts, HEAD, START)
    placed = [verdict for verdict in verdicts if isinstance(verdict, Placed)]
    used = [once for one in placed for once in one.change.once]
    assert len(used) == len(set(used) - before.once.keys())
    rewritten = [
        (key, one.change.premises[key]) for one in placed for key in one.change.writes if one.change.premises[key] > 0
    ]
    assert len(rewritten) == len(set(rewritten))


@given(st.lists(changes, max_size=8), states)
def test_counters_never_pass_their_limit(group: list[Change], facts: Facts) -> None:
    sequence(group, facts, HEAD, START)
    assert all(value <= 3 for value in facts.counters.values())


@given(st.lists(changes, max_size=8), states)
def test_effects_are_the_facts_that_the_group_left(group: list[Change], facts: Facts) -> None:
    verdicts, _ = sequence(group, facts, HEAD, START)
    net = effects([verdict for verdict in verdicts if isinstance(verdict, Placed)])
    assert {key: revision if content else 0 for key, (revision, content) in net.entities.items()} == {
        key: facts.revisions[key] for key in net.entities
    }
