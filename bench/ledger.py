"""The ledger beside the chain that one would write without it, its growth, proofs and verification.

Runs are interleaved and ratios taken pair by pair, so that a disk or a neighbour that gets slower
meanwhile meets both sides. Proofs and verification have no peer: they are medians of five passes
(three of a quick look, and of a verification that takes longer than 15 seconds).
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bench.ledger_work import create, once, peer_connect, peer_create, peer_once
from placet.adapters.sqlite.store import SqliteStore
from placet.usecases.verify_ledger import verify_ledger

_CALLERS = (1, 16, 64)
_DECISIONS = {1: 500, 16: 1500, 64: 3000}
_WINDOW = 4000
_FILLERS = 256
_PASSES = 5
_PASSES_IF_LONG = 3
_LONG_SECONDS = 15.0
_PROOFS = 2000


class Run(Struct, frozen=True):
    """One run: how many decisions a second, and the seconds that each took."""

    per_s: float
    seconds: list[float]

    def quantile(self, share: float) -> float:
        """Return the time within which `share` of the decisions were made."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * share))]


def run(*, quick: bool) -> dict[str, float]:
    """Return every `ledger.…` figure, and `fsync.ms` of the disk that they were measured on."""
    figures: dict[str, float] = {}
    fsyncs = [_fsync_ms()]
    for callers in _CALLERS:
        _say(f"  append, {callers} callers")
        figures |= _append(callers, rounds=2 if quick else 7, share=0.3 if quick else 1.0)
        fsyncs.append(_fsync_ms())
    figures |= _large_log(20_000 if quick else 500_000, 40_000 if quick else 1_000_000, rounds=3 if quick else 7)
    return {"fsync.ms": statistics.median(fsyncs), **figures}


def _append(callers: int, *, rounds: int, share: float) -> dict[str, float]:
    count = int(_DECISIONS[callers] * share) // callers
    pairs = []
    for _ in range(rounds):
        with _folder() as folder:
            ours = _ours(folder, callers, count)
        with _folder() as folder:
            pairs.append((ours, _peers(folder, callers, count)))
    return {
        f"ledger.append.{callers}.{name}": statistics.median(of(*pair) for pair in pairs)
        for name, of in _APPEND_FIGURES.items()
    }


_APPEND_FIGURES: dict[str, Callable[[Run, Run], float]] = {
    "per_s": lambda ours, _: ours.per_s,
    "p50_ms": lambda ours, _: ours.quantile(0.5) * 1000,
    "p99_ms": lambda ours, _: ours.quantile(0.99) * 1000,
    "ratio_to_chain": lambda ours, peer: ours.per_s / peer.per_s,
    "p99_ratio_to_chain": lambda ours, peer: ours.quantile(0.99) / peer.quantile(0.99),
    "chain_per_s": lambda _, peer: peer.per_s,
    "chain_p99_ms": lambda _, peer: peer.quantile(0.99) * 1000,
}


def _ours(folder: Path, callers: int, count: int) -> Run:
    async def work() -> Run:
        store = create(folder)
        made = await decisions(store, callers, count, first=0)
        await store.close()
        return made

    return asyncio.run(work())


async def decisions(store: SqliteStore, callers: int, count: int, *, first: int) -> Run:
    """Let each of `callers` make `count` whole decisions, all at once."""
    seconds: list[float] = []

    async def caller(which: int) -> None:
        for number in range(count):
            begin = time.perf_counter()
            await once(store, first + number * callers + which)
            seconds.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    await asyncio.gather(*[caller(which) for which in range(callers)])
    return Run(callers * count / (time.perf_counter() - begin), seconds)


def _peers(folder: Path, callers: int, count: int) -> Run:
    path = folder / "chain.sqlite"
    peer_create(path)
    seconds: list[float] = []
    ready = threading.Barrier(callers + 1)

    def caller(which: int) -> None:
        connection = peer_connect(path)
        ready.wait()
        for number in range(count):
            begin = time.perf_counter()
            peer_once(connection, number * callers + which)
            seconds.append(time.perf_counter() - begin)
        connection.close()

    threads = [threading.Thread(target=caller, args=(which,)) for which in range(callers)]
    for thread in threads:
        thread.start()
    ready.wait()
    begin = time.perf_counter()
    for thread in threads:
        thread.join()
    return Run(callers * count / (time.perf_counter() - begin), seconds)


def _large_log(grown: int, largest: int, *, rounds: int) -> dict[str, float]:
    """Fill one log, measuring on the way: throughput, proofs, verification."""
    passes = min(rounds, _PASSES)

    async def work() -> dict[str, float]:
        with _folder() as folder:
            store = create(folder)
            _say(f"  growing to {grown}")
            at = await fill(store, 0, grown)
            figures = {"ledger.growth.ratio_at_500k": await _growth(store, at, rounds)}
            _say(f"  verifying {grown}")
            figures |= {
                "ledger.verify.chain_per_s": await _verified_per_s(store, full=False, passes=passes),
                "ledger.verify.full_per_s": await _verified_per_s(store, full=True, passes=passes),
            }
            _say(f"  growing to {largest}")
            await fill(store, at + rounds * _WINDOW, largest)
            figures["ledger.prove.p50_ms"] = await _prove_ms(store, passes)
            await store.close()
            return figures

    return asyncio.run(work())


async def fill(store: SqliteStore, first: int, size: int) -> int:
    """Commit decisions until the log has `size` entries; return the number of the next."""
    missing = size - (await store.load(())).head.size
    count = -(-missing // _FILLERS)
    await decisions(store, _FILLERS, count, first=first)
    return first + count * _FILLERS


async def _growth(store: SqliteStore, at: int, rounds: int) -> float:
    """Return throughput on the grown log to that on an empty one, with 64 callers."""
    count = _WINDOW // 64
    ratios = []
    for number in range(rounds):
        with _folder() as folder:
            small = create(folder)
            empty = await decisions(small, 64, count, first=0)
            await small.close()
        grown = await decisions(store, 64, count, first=at + number * _WINDOW)
        ratios.append(grown.per_s / empty.per_s)
    return statistics.median(ratios)


async def _verified_per_s(store: SqliteStore, *, full: bool, passes: int) -> float:
    """Return the median of so many verifications, of three where one of them takes longer than 15 seconds."""
    rates: list[float] = []
    while len(rates) < passes:
        begin = time.perf_counter()
        report = await verify_ledger(store, full=full, readers=2)
        seconds = time.perf_counter() - begin
        if report.finding is not None:
            raise RuntimeError(report.finding.message)
        rates.append(report.size / seconds)
        if seconds > _LONG_SECONDS:
            passes = min(passes, _PASSES_IF_LONG)
    _say(f"    {'full' if full else 'chain'}: median of {len(rates)} runs, {min(rates):.0f} to {max(rates):.0f} per s")
    return statistics.median(rates)


async def _prove_ms(store: SqliteStore, passes: int) -> float:
    """Return the median over all passes of the median time of a proof, each pass over other entries."""
    size = (await store.load(())).head.size
    chosen = random.Random(7)  # noqa: S311 - which entries are proven
    medians = [await _proof_ms(store, [chosen.randrange(size) for _ in range(_PROOFS)], size) for _ in range(passes)]
    return statistics.median(medians)


async def _proof_ms(store: SqliteStore, entries: Sequence[int], size: int) -> float:
    seconds = []
    for seq in entries:
        begin = time.perf_counter()
        await store.inclusion_proof(seq, size)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds) * 1000


def _fsync_ms() -> float:
    """Return the median time to flush a page to the disk that the logs are on."""
    seconds = []
    with _folder() as folder:
        descriptor = os.open(folder / "page", os.O_RDWR | os.O_CREAT, 0o600)
        for number in range(100):
            os.pwrite(descriptor, bytes(4096), number * 4096)
            begin = time.perf_counter()
            os.fsync(descriptor)
            seconds.append(time.perf_counter() - begin)
        os.close(descriptor)
    return statistics.median(seconds) * 1000


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="placet-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    for name, value in sorted(run(quick="--quick" in sys.argv).items()):
        sys.stdout.write(f"{name:<44} {value:>12.3f}\n")
