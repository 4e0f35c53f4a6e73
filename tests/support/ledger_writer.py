"""A program that commits to a home and says on standard output what was acknowledged.

`python ledger_writer.py FOLDER NAME COUNT CALLERS`: `CALLERS` tasks commit `COUNT` changes each.
Every change uses a once key of its own and adds one to a number that all processes share, so a
lost or doubled change shows. Prints `NAME/CALLER/NUMBER SEQ` after each answer.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from placet.domain.encoding.canonical import Object, decode
from placet.domain.log.change import EntityKey
from placet.domain.log.compose import Draft, compose
from placet.ports.store import ConflictError, Store
from support.ledgers import SALT, InSqlite, SetClock

SHARED = EntityKey("shared/number")


async def add_one(store: Store, name: str) -> int:
    """Commit once, deciding again whenever the number moved; return the entry's number."""
    own = EntityKey(f"own/{name}")
    while True:
        snapshot = await store.load([SHARED, own])
        content = snapshot.entities[SHARED].content
        value = int(str(decode(content)["value"])) + 1 if content else 1
        writes: dict[EntityKey, Object | None] = {
            SHARED: {"value": value, "index": []},
            own: {"value": value, "index": [["writer", name]]},
        }
        draft = Draft(
            entry_id=f"evt_{name.replace('/', '_')}",
            type="number.moved",
            actor="service:writer",
            subject=name,
            writes=writes,
            once=(f"effect/{name}",),
        )
        try:
            return (await store.commit(compose(draft, snapshot, SALT))).seq
        except ConflictError as conflict:
            if conflict.reason != "premise":
                raise


async def main(folder: str, name: str, count: int, callers: int) -> None:
    """Commit, and tell."""
    store = InSqlite(Path(folder), SetClock(datetime.now(UTC))).open()  # noqa: TID251 - a real process has a real clock

    async def caller(which: int) -> None:
        for number in range(count):
            own = f"{name}/{which}/{number}"
            seq = await add_one(store, own)
            os.write(1, f"{own} {seq}\n".encode())

    await asyncio.gather(*[caller(which) for which in range(callers)])
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
