"""`kill -9` of a process that commits: nothing that it acknowledged is lost, nothing is half-written."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ledger_processes import acknowledged, check_nothing_lost, start_writer
from support.ledgers import InSqlite


@pytest.fixture
def home(tmp_path: Path) -> Iterator[InSqlite]:
    place = InSqlite(tmp_path)
    place.create()
    place.close()
    yield place
    place.close()


@pytest.mark.parametrize("callers", [1, 16])
def test_a_writer_killed_at_any_moment_loses_nothing_that_it_acknowledged(home: InSqlite, callers: int) -> None:
    kept: dict[str, int] = {}
    for number in range(6):
        writer = start_writer(home, f"w{number}", count=100_000, callers=callers)
        assert writer.stdout is not None
        first = "".join(writer.stdout.readline() for _ in range(1 + 7 * number))
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        kept |= acknowledged(first + rest)
        home.close()
        assert check_nothing_lost(home, kept) > len(kept)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64", "fsync", "rename", "write"])
@pytest.mark.parametrize("when", [1, 2, 3, 7])
def test_a_writer_killed_in_a_call_to_the_kernel_loses_nothing_that_it_acknowledged(
    home: InSqlite, call: str, when: int
) -> None:
    under = ["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}"]
    writer = start_writer(home, "killed", count=20, callers=4, under=under)
    output, _ = writer.communicate()
    kept = acknowledged(output)
    check_nothing_lost(home, kept)
    after = start_writer(home, "after", count=3, callers=2)
    output, error = after.communicate()
    assert (after.returncode, error) == (0, "")
    check_nothing_lost(home, kept | acknowledged(output))


def test_processes_that_write_one_home_at_once_wait_for_each_other(home: InSqlite) -> None:
    writers = [start_writer(home, f"w{number}", count=8, callers=3) for number in range(4)]
    kept: dict[str, int] = {}
    for writer in writers:
        output, error = writer.communicate()
        assert (writer.returncode, error) == (0, "")
        kept |= acknowledged(output)
    assert len(kept) == len(set(kept.values())) == 4 * 8 * 3
    assert check_nothing_lost(home, kept) == 4 * 8 * 3 + 1
