"""A46: the ledger's disk is full: nothing is acknowledged that was not kept, and room is all it needs (protocol 7)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ledger_processes import WRITER, acknowledged, check_nothing_lost, start_writer
from support.ledgers import InSqlite

_NO_NAMESPACE = 99


@pytest.fixture
def home(tmp_path: Path) -> Iterator[InSqlite]:
    place = InSqlite(tmp_path)
    place.create()
    place.close()
    yield place
    place.close()


def goes_on(home: InSqlite, kept: dict[str, int]) -> None:
    """Check that nothing acknowledged was lost, and that the log takes changes again."""
    assert kept
    check_nothing_lost(home, kept)
    after = start_writer(home, "after", count=3, callers=2)
    output, error = after.communicate()
    assert (after.returncode, error) == (0, "")
    check_nothing_lost(home, kept | acknowledged(output))


@pytest.mark.parametrize("callers", [1, 8])
@pytest.mark.parametrize("kilobytes", [150, 300, 511])
def test_a_file_that_may_not_grow_refuses_and_loses_nothing(home: InSqlite, callers: int, kilobytes: int) -> None:
    """`RLIMIT_FSIZE`: the write itself fails, in the write-ahead log or in the database."""
    under = ["prlimit", f"--fsize={kilobytes * 1024}"]
    writer = start_writer(home, "full", count=2000, callers=callers, under=under)
    output, error = writer.communicate()
    assert "AUDIT_UNAVAILABLE" in error
    goes_on(home, acknowledged(output))


@pytest.mark.parametrize("callers", [1, 8])
def test_a_full_file_system_refuses_and_loses_nothing(home: InSqlite, callers: int) -> None:
    """A tmpfs of 1 MiB in a mount namespace of its own: `ENOSPC` from the kernel."""
    script = f"""
        mount -t tmpfs -o size=1m none {home.folder} || exit {_NO_NAMESPACE}
        cp -r /proc/self/cwd/. {home.folder}/ || exit {_NO_NAMESPACE}
        {sys.executable} {WRITER} {home.folder} full 2000 {callers}; status=$?
        cp {home.folder}/* . ; cp {home.folder}/anchor/* anchor/; exit $status
    """
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script]
    outside = home.folder.with_name("outside")
    home.folder.rename(outside)
    home.folder.mkdir()
    environment = {"PYTHONPATH": str(WRITER.parents[1]), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    done = subprocess.run(command, cwd=outside, env=environment, capture_output=True, text=True, check=False)
    home.folder.rmdir()
    outside.rename(home.folder)
    if done.returncode == _NO_NAMESPACE or "unshare" in done.stderr:
        pytest.skip("needs mount namespaces")
    assert "AUDIT_UNAVAILABLE" in done.stderr
    goes_on(home, acknowledged(done.stdout))
