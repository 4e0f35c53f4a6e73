"""An auditor's copy of a home is read-only: everything can be read there, and nothing pretends to write."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.shell import PLACET, Ran, Shell

READING = [
    ["run", "list"],
    ["ledger", "verify"],
    ["ledger", "show"],
    ["verify", "@acme/tool@1.0.0"],
    ["certificate", "list"],
    ["policy", "show"],
]
WRITING = [["publish", "my-package"], ["certificate", "issue", "@acme/new@1.0.0", "--key-out", "new.key"]]
NOBODY = 65_534
NO_NAMESPACE = 99
MOUNTED = f"""
    mount --bind "$PLACET_HOME" "$PLACET_HOME" && mount -o remount,bind,ro "$PLACET_HOME" || exit {NO_NAMESPACE}
    exec "$@"
"""


def run(shell: Shell, command: list[str | Path], **changed: str) -> Ran:
    return shell.run(command, shell.environment(**changed))


def mounted_read_only(shell: Shell, *arguments: str, home: Path | None = None) -> Ran:
    """Run a command in a home on a read-only mount."""
    changed = {"PLACET_HOME": str(home)} if home else {}
    under = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNTED, "sh"]
    ran = run(shell, [*under, PLACET, *arguments], **changed)
    if ran.code == NO_NAMESPACE or "unshare" in ran.err:
        pytest.skip("needs mount namespaces")
    return ran


def refusal(ran: Ran) -> tuple[str, int]:
    """Return the code of a refusal that has a hint, and the exit code."""
    told = re.search(r"error: ([A-Z_]+): [^\n]+\n\nhint: [^\n]+\n$", ran.err)
    assert told is not None, ran.err
    return told[1], ran.code


def content(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.mark.needs("unshare", "mount")
@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_home_on_a_read_only_mount_can_be_read(arguments: list[str], published: Shell) -> None:
    before = content(published.place / "home")

    there, here = mounted_read_only(published, *arguments), published.placet(*arguments)

    assert (there.code, there.err) == (0, "")
    assert without_ages(there.out) == without_ages(here.out)
    assert content(published.place / "home") == before


def without_ages(text: str) -> list[str]:
    """Return the lines that say the same whenever they are asked for."""
    return [re.sub(r"\d\d:\d\d:\d\d", "", line) for line in text.splitlines() if " ago" not in line]


@pytest.mark.needs("unshare", "mount")
@pytest.mark.parametrize("arguments", WRITING, ids=lambda arguments: " ".join(arguments[:2]))
def test_nothing_is_done_in_a_home_on_a_read_only_mount(arguments: list[str], published: Shell) -> None:
    published.package("1.0.9")
    before = content(published.place / "home")

    ran = mounted_read_only(published, *arguments)

    assert refusal(ran)[1] == 7
    assert content(published.place / "home") == before


@pytest.fixture(scope="module")
def written(published: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the home that was made while somebody wrote: its newest entries are in the log beside it."""
    home, copy = published.place / "home", tmp_path_factory.mktemp("written") / "home"
    held = sqlite3.connect(home / "ledger.sqlite")
    held.execute("SELECT count(*) FROM entry").fetchone()
    published.done("publish", str(published.package("1.0.8", folder="while-written")))
    shutil.copytree(home, copy)
    held.close()
    assert (copy / "ledger.sqlite-wal").stat().st_size > 0
    return copy


@pytest.mark.needs("unshare", "mount")
def test_a_copy_with_its_write_ahead_log_is_read_to_its_newest_entry(written: Path, published: Shell) -> None:
    there = mounted_read_only(published, "ledger", "verify", "--json", home=written)

    assert there.json()["verified"] is True
    assert there.json()["size"] == published.size()


@pytest.mark.needs("unshare", "mount")
def test_a_log_that_cannot_be_shared_is_never_left_out_silently(
    written: Path, published: Shell, tmp_path: Path
) -> None:
    home = shutil.copytree(written, tmp_path / "home")
    (home / "ledger.sqlite-shm").unlink()

    ran = mounted_read_only(published, "ledger", "show", home=home)

    assert refusal(ran) == ("AUDIT_UNAVAILABLE", 7)
    assert "write-ahead log" in ran.err


@pytest.fixture
def readers_copy(published: Shell) -> Iterator[Shell]:
    """Return the installation as somebody has it who may read but not write: nobody, where root runs the tests."""
    place = Path(tempfile.mkdtemp(prefix="placet-auditor-"))
    try:
        for name in ("home", "anchors"):
            shutil.copytree(published.place / name, place / name)
        place.chmod(0o755)
        for path in place.rglob("*"):
            path.chmod(0o500 if path.is_dir() else 0o400)
        if os.geteuid() == 0:
            for path in (place, *place.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        yield Shell(place)
    finally:
        for path in [place, *place.rglob("*")]:
            if path.is_dir():
                path.chmod(0o700)
        shutil.rmtree(place)


@pytest.mark.needs("setpriv")
@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_whoever_may_only_read_a_home_can_read_it(arguments: list[str], readers_copy: Shell) -> None:
    under: list[str | Path] = []
    if os.geteuid() == 0:
        under = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if run(readers_copy, [*under, PLACET, "--version"]).code != 0:
        pytest.skip("needs a Placet that everybody may run")

    ran = run(readers_copy, [*under, PLACET, *arguments])

    assert (ran.code, ran.err) == (0, "")
