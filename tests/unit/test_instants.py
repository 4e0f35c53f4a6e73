from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.domain.values.time import cut_to_milliseconds, format_instant, parse_instant
from placet.errors import InvalidInputError

INSTANT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
instants = st.datetimes(timezones=st.just(UTC))


def test_an_instant_is_written_in_utc_with_three_digits_and_z() -> None:
    assert format_instant(INSTANT) == "2026-01-02T03:04:05.678Z"


def test_what_is_smaller_than_a_millisecond_is_cut_not_rounded() -> None:
    assert format_instant(INSTANT + timedelta(microseconds=999)) == "2026-01-02T03:04:05.678Z"
    assert cut_to_milliseconds(INSTANT + timedelta(microseconds=999)) == INSTANT


def test_an_instant_of_another_zone_is_cut_in_utc() -> None:
    elsewhere = INSTANT.astimezone(timezone(timedelta(hours=5, minutes=30)))

    cut = cut_to_milliseconds(elsewhere)

    assert (cut, cut.tzinfo) == (INSTANT, UTC)


@given(instants)
def test_every_instant_reads_back_as_it_was_cut(instant: datetime) -> None:
    written = format_instant(instant)

    assert parse_instant(written) == cut_to_milliseconds(instant)
    assert parse_instant(written).tzinfo is UTC
    assert format_instant(parse_instant(written)) == written


@given(st.lists(instants, min_size=2, max_size=5))
def test_instants_sort_as_their_texts_do(several: list[datetime]) -> None:
    cut = [cut_to_milliseconds(each) for each in several]

    assert sorted(map(format_instant, cut)) == [format_instant(each) for each in sorted(cut)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-02",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.6Z",
        "2026-01-02T03:04:05.6789Z",
        "2026-01-02T03:04:05.678",
        "2026-01-02T03:04:05.678z",
        "2026-01-02t03:04:05.678Z",
        "2026-01-02 03:04:05.678Z",
        "2026-01-02T03:04:05.678+00:00",
        "2026-01-02T03:04:05,678Z",
        "2026-01-02T03:04:05.678Z\n",
        " 2026-01-02T03:04:05.678Z",
        "\uff12026-01-02T03:04:05.678Z",
        "2026-02-30T03:04:05.678Z",
        "2026-13-02T03:04:05.678Z",
        "2026-01-02T24:00:00.000Z",
        "2026-01-02T03:60:05.678Z",
        "2026-01-02T23:59:60.000Z",
        "0000-01-02T03:04:05.678Z",
        "12026-01-02T03:04:05.678Z",
        "2026-W01-2T03:04:05.678Z",
    ],
)
def test_no_other_spelling_of_a_time_is_read(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_instant(text)

    assert caught.value.code == "TIME_INVALID"


def test_equal_instants_of_other_zones_do_not_lend_each_other_their_spelling() -> None:
    here = datetime(2026, 1, 2, 14, tzinfo=timezone(timedelta(hours=2)))
    utc = datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert here == utc
    format_instant(here)

    assert format_instant(utc) == "2026-01-02T12:00:00.000Z"
