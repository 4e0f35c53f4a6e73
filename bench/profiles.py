"""Where the time goes in what `bench/results.json` measures: `python -m bench.profiles` writes `bench/profiles.txt`.

A profiler makes Python look slower than it is and C as fast as it is: read shares, not seconds. What
runs in the flushing thread shows as waiting.
"""

from __future__ import annotations

import asyncio
import cProfile
import io
import pstats
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bench import ledger, ledger_work, service
from placet.adapters.sqlite.store import SqliteStore
from placet.domain.log.audit import audit

_PAGE = Path(__file__).with_name("profiles.txt")
_LINES = 22
_SIZE = 20_000
_GROWN = 300_000
_PROOFS = 2_000
_SERVED_SECONDS = 10.0
_FOLDER = "placet-bench-"
_SERVED = f"a service with its start; 64 callers for {_SERVED_SECONDS:.0f} s: authorised, performed, recorded"
Work = Callable[[SqliteStore], Coroutine[Any, Any, object]]


def main() -> int:
    """Profile each kind of work on a log of its own, and write the page."""
    page = [f"{__doc__.strip()}\n" if __doc__ else ""]
    for title, filled, work in _WORKS:
        sys.stderr.write(f"{title}\n")
        page.append(f"== {title}\n\n{_profile(filled, work)}")
    sys.stderr.write(f"{_SERVED}\n")
    page.append(f"== {_SERVED}\n\n{_profile_of_service()}")
    _PAGE.write_text("\n".join(page))
    return 0


async def _append(store: SqliteStore, callers: int, count: int) -> None:
    await ledger.decisions(store, callers, count // callers, first=2 * _GROWN)


async def _verify(store: SqliteStore) -> None:
    with store.audit_rows() as rows:
        audit(rows, store.kept_notes(), full=True)


async def _prove(store: SqliteStore) -> None:
    size = (await store.load(())).head.size
    for number in range(_PROOFS):
        await store.inclusion_proof(number * 7919 % size, size)


_WORKS: tuple[tuple[str, int, Work], ...] = (
    ("1 caller: load four entities, decide, commit; 2 000 times", 0, lambda store: _append(store, 1, 2_000)),
    ("64 callers, the same; 6 400 times", 0, lambda store: _append(store, 64, 6_400)),
    (f"64 callers, the same, on {_GROWN} entries", _GROWN, lambda store: _append(store, 64, 6_400)),
    (f"verify everything of {_SIZE} entries, in one process", _SIZE, _verify),
    (f"{_PROOFS} inclusion proofs in {_SIZE} entries", _SIZE, _prove),
)


def _profile(filled: int, work: Work) -> str:
    async def run(folder: Path) -> cProfile.Profile:
        store = ledger_work.create(folder)
        if filled:
            await ledger.fill(store, 0, filled)
        profile = cProfile.Profile()
        profile.enable()
        await work(store)
        profile.disable()
        await store.close()
        return profile

    with tempfile.TemporaryDirectory(prefix=_FOLDER) as folder:
        return _told(asyncio.run(run(Path(folder))))


def _profile_of_service() -> str:
    with tempfile.TemporaryDirectory(prefix=_FOLDER) as folder:
        kept = Path(folder) / "profile"
        with service.serving(Path(folder), workers=1, profile=kept) as serving:
            serving.authorize(_SERVED_SECONDS)
        return _told(str(kept))


def _told(profile: cProfile.Profile | str) -> str:
    text = io.StringIO()
    pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime").print_stats(_LINES)
    return (
        "\n".join(line.rstrip() for line in text.getvalue().splitlines() if line.strip() and _FOLDER not in line) + "\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
