"""Denials as entries: each, or repeats together, never more than sixty in a minute, and none lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from placet.core.bundles import MOST_A_MINUTE, MOST_AT_ONCE, MOST_KINDS, DenialBundles, Denied, EachDenial
from placet.core.entities.denials import DeniedRequest, read_denied_request
from placet.domain.encoding.canonical import encode
from placet.domain.log.change import Entity
from placet.errors import UnavailableError
from support.governance import NOW


class Book:
    """Entries with their times, and a ledger that may be away."""

    def __init__(self) -> None:
        self.entries: list[tuple[datetime, Denied]] = []
        self.now = NOW
        self.away = False

    async def write(self, denied: Denied) -> None:
        if self.away:
            raise UnavailableError("AUDIT_UNAVAILABLE", "it is away")
        self.entries.append((self.now, denied))

    @property
    def times(self) -> int:
        return sum(denied.times for _, denied in self.entries)

    def most_in_a_minute(self) -> int:
        at = [when for when, _ in self.entries]
        return max((sum(1 for each in at if start <= each < start + timedelta(minutes=1)) for start in at), default=0)


def a_denial(source: str = "a", code: str = "RECEIPT_CONSUMED", at: datetime = NOW, **changed: Any) -> Denied:
    denied = Denied(
        code=code,
        sentence="it was used",
        alert=True,
        checks={"check_1": "pass"},
        receipt_id="fc-receipt-20260304-050607-0123456789ab",
        shown="",
        actor=f"person:{source}",
        run_id="run_1",
        operation_id="run_1/1/1",
        source=source,
        since=at,
    )
    return replace(denied, **changed)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_a_single_command_records_each() -> None:
    async def work() -> None:
        book = Book()
        for _ in range(3):
            await EachDenial().take(a_denial(), book.write)
        assert [each.times for _, each in book.entries] == [1, 1, 1]

    run(work())


def test_the_first_is_recorded_at_once_and_its_repeats_together() -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        for second in range(10):
            await bundles.take(a_denial(at=NOW + timedelta(seconds=second)), book.write)
        assert [each.times for _, each in book.entries] == [1]
        assert bundles.pending == 9

        await bundles.flush(NOW + timedelta(seconds=60), book.write)

        assert [(each.times, each.since) for _, each in book.entries] == [(1, NOW), (9, NOW + timedelta(seconds=1))]
        assert bundles.pending == 0

    run(work())


def test_after_its_minute_the_next_of_a_kind_is_a_first_one_again() -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        await bundles.take(a_denial(), book.write)
        await bundles.flush(NOW + timedelta(minutes=1), book.write)
        await bundles.take(a_denial(at=NOW + timedelta(minutes=2)), book.write)

        assert [each.times for _, each in book.entries] == [1, 1]

    run(work())


@pytest.mark.parametrize(
    "other",
    [
        {"source": "b"},
        {"code": "SIGNATURE_INVALID"},
        {"receipt_id": ""},
        {"run_id": "run_2"},
        {"operation_id": "run_1/1/2"},
    ],
)
def test_what_is_of_another_kind_has_an_entry_of_its_own(other: dict[str, Any]) -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        await bundles.take(a_denial(), book.write)
        await bundles.take(replace(a_denial(), **other), book.write)

        assert [each.times for _, each in book.entries] == [1, 1]

    run(work())


def test_beyond_forty_kinds_in_a_minute_new_ones_are_counted_first() -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        for number in range(100):
            await bundles.take(a_denial(f"{number}"), book.write)

        assert (len(book.entries), bundles.pending) == (MOST_AT_ONCE, 100 - MOST_AT_ONCE)
        await bundles.flush(NOW, book.write)
        assert len(book.entries) == MOST_A_MINUTE

    run(work())


def test_what_somebody_should_see_is_recorded_first_and_then_what_came_most() -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        for number in range(MOST_AT_ONCE):
            await bundles.take(a_denial(f"{number}"), book.write)
        for number in range(30):
            for _ in range(number + 1):
                await bundles.take(a_denial(f"quiet {number}", "NO_RULE", alert=False), book.write)
        await bundles.take(a_denial("loud"), book.write)

        await bundles.flush(NOW, book.write)

        flushed = [each.source for _, each in book.entries[MOST_AT_ONCE:]]
        assert flushed == ["loud", *(f"quiet {number}" for number in range(29, 10, -1))]

    run(work())


def test_of_too_many_kinds_the_code_and_the_number_are_kept() -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        for number in range(1000):
            await bundles.take(a_denial(f"{number}", ("RECEIPT_CONSUMED", "NO_RULE")[number % 2]), book.write)
        await bundles.close(NOW, book.write)

        assert book.times == 1000
        rest = [each for _, each in book.entries[MOST_AT_ONCE:]]
        assert [(each.code, each.actor, each.source, each.run_id) for each in rest] == [
            ("RECEIPT_CONSUMED", "unverified:several", "", ""),
            ("NO_RULE", "unverified:several", "", ""),
        ]

    run(work())


def test_at_the_end_the_few_that_were_counted_are_recorded_as_they_are() -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        for _ in range(3):
            await bundles.take(a_denial(), book.write)
        await bundles.close(NOW, book.write)

        assert [(each.source, each.times) for _, each in book.entries] == [("a", 1), ("a", 2)]

    run(work())


def test_what_the_ledger_could_not_take_is_kept_and_recorded_later() -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        for _ in range(3):
            await bundles.take(a_denial(), book.write)
        book.away = True
        with pytest.raises(UnavailableError):
            await bundles.flush(NOW, book.write)
        await bundles.take(a_denial("a"), book.write)
        book.away = False
        await bundles.flush(NOW, book.write)

        assert book.times == 4

    run(work())


def test_a_first_one_that_the_ledger_could_not_take_is_told_and_the_next_is_tried_again() -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        book.away = True
        with pytest.raises(UnavailableError):
            await bundles.take(a_denial(), book.write)
        book.away = False
        await bundles.take(a_denial(), book.write)

        assert [each.times for _, each in book.entries] == [1]

    run(work())


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("ABC"), st.integers(0, 20)), max_size=300))
def test_whatever_comes_none_is_lost_no_minute_has_more_than_sixty_and_little_is_held(
    coming: list[tuple[int, str, int]],
) -> None:
    async def work() -> None:
        book, bundles = Book(), DenialBundles()
        minute = NOW
        for source, code, seconds in coming:
            book.now += timedelta(seconds=seconds)
            while book.now >= minute + timedelta(minutes=1):
                minute += timedelta(minutes=1)
                await bundles.flush(book.now, book.write)
            await bundles.take(a_denial(f"{source}", f"CODE_{code}", book.now), book.write)
            assert len(bundles._counted) <= MOST_KINDS + 3
        assert book.times + bundles.pending == len(coming)
        assert book.most_in_a_minute() <= MOST_A_MINUTE
        await bundles.close(book.now, book.write)
        assert Counter({book.times: 1}) == Counter({len(coming): 1})

    run(work())


def test_a_denial_that_an_older_placet_recorded_is_one_at_its_time() -> None:
    newer = DeniedRequest(
        denial_id="evt_20260304050607_abc123",
        code="NO_RULE",
        sentence="no",
        alert=False,
        checks={},
        receipt_id="",
        shown="",
        actor="person:alice",
        run_id="run_1",
        operation_id="",
        denied_at=NOW,
        times=3,
        since=NOW - timedelta(seconds=5),
    )
    members = {**newer.to_object(), "salt": "0" * 32}
    older = {name: value for name, value in members.items() if name not in ("times", "since")}

    read = [read_denied_request(Entity(revision=1, content=encode(each))) for each in (members, older)]

    assert read == [newer, replace(newer, times=1, since=NOW)]
