"""Real processes that write one home: started, killed, and compared with what they acknowledged."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from placet.domain.encoding.canonical import decode
from placet.usecases.verify_ledger import verify_ledger
from support.ledger_writer import SHARED
from support.ledgers import InSqlite, run

WRITER = Path(__file__).with_name("ledger_writer.py")


def start_writer(
    home: InSqlite, name: str, *, count: int, callers: int, under: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Start a process that commits `count` changes for each of `callers` tasks."""
    command = [*under, sys.executable, str(WRITER), str(home.folder), name, str(count), str(callers)]
    environment = {"PYTHONPATH": str(WRITER.parents[1]), "PATH": "/usr/bin:/bin"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def acknowledged(output: str) -> dict[str, int]:
    """Return the whole lines of a writer's output: names and sequence numbers."""
    lines = [line.split(" ") for line in output.split("\n")[:-1]]
    return {name: int(seq) for name, seq in lines}


def check_nothing_lost(home: InSqlite, acknowledged: dict[str, int]) -> int:
    """Check that every acknowledged change is there once, and that the log verifies; return its size."""

    async def work() -> int:
        store = home.open()
        assert (await store.status()).seal is None
        for name, seq in acknowledged.items():
            assert await store.once_seq(f"effect/{name}") == seq
        snapshot = await store.load([SHARED])
        report = await verify_ledger(store)
        assert report.finding is None
        content = snapshot.entities[SHARED].content
        moved = decode(content)["value"] if content else 0
        assert moved == snapshot.head.size - 1 == len(await store.find("writer", "", limit=10_000))
        return snapshot.head.size

    return run(work())
