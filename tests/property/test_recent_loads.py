"""What a store remembers is what is there: however two processes write one file, a load is of one moment and now."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from placet.adapters.sqlite import reading, schema
from placet.adapters.sqlite.recent import Recent
from placet.domain.log.change import EntityKey
from support.ledgers import InSqlite, put, run, thing

KEYS = [EntityKey(f"thing/{number}") for number in range(4)]
some_keys = st.sets(st.sampled_from(KEYS))
loads = st.tuples(st.just("load"), some_keys)
writes = st.tuples(st.sampled_from(["first", "second"]), st.dictionaries(st.sampled_from(KEYS), st.booleans()))
together = st.tuples(st.just("together"), some_keys)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(loads | writes | together, max_size=12), room=st.sampled_from([0, 200, 1_000_000]))
def test_a_load_returns_what_a_reader_that_remembers_nothing_finds(
    steps: list[tuple[str, set[EntityKey] | dict[EntityKey, bool]]], room: int
) -> None:
    with TemporaryDirectory() as folder:
        home = InSqlite(Path(folder))
        home.create()
        try:
            run(_stepped(home, steps, Recent(most_bytes=room)))
        finally:
            home.close()


async def _stepped(
    home: InSqlite, steps: list[tuple[str, set[EntityKey] | dict[EntityKey, bool]]], recent: Recent
) -> None:
    stores = {"first": home.open(), "second": home.open()}
    for number, (what, about) in enumerate(steps, 1):
        if what == "load":
            for store in stores.values():
                await store.load(about)
        elif what == "together":  # a group, which is flushed in a thread while others load
            written = [put(stores["first"], 1000 * number + n, {key: thing(n)}) for n, key in enumerate(about)]
            await asyncio.gather(*written, stores["first"].load(KEYS))
        elif isinstance(about, dict):
            await put(stores[what], number, {key: thing(number) if there else None for key, there in about.items()})
        await asyncio.sleep(0)
        fresh, observer = schema.connect_reader(home.path), schema.connect_reader(home.path)
        _, expected = reading.load(fresh, KEYS)
        assert recent.load(observer, KEYS[:2]).entities.items() <= expected.entities.items()
        assert recent.load(observer, KEYS) == expected
        for store in stores.values():
            assert await store.load(KEYS) == expected
        fresh.close()
        observer.close()
