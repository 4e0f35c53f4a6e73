"""`placet init` on a full disk says so, with its hint and exit code, leaves nothing, and works once there is room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.shell import PLACET, Ran, Shell

NO_NAMESPACE = 99
FULL = {"HOME_UNWRITABLE", "KEY_FILE_UNWRITABLE", "BLOBS_UNAVAILABLE", "AUDIT_UNAVAILABLE"}
SCRIPT = f"""
    mount -t tmpfs -o "$1" none "$2" || exit {NO_NAMESPACE}
    {PLACET} init --profile trial; status=$?
    ls -A "$2" > "$3"
    mount -o remount,size=64m,nr_inodes=1000 "$2" && {PLACET} init --profile trial >&2 && ls "$2" >> "$3"
    exit $status
"""


def init_on(disk: Path, options: str, shell: Shell) -> tuple[Ran, list[str]]:
    """Run `init` on a small disk, then with more room; return the first run, and what lay on the disk after each."""
    listed = shell.place / "listed"
    disk.mkdir()
    under: list[str | Path] = ["unshare", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", options, disk, listed]
    ran = shell.run(under, shell.environment())
    if ran.code == NO_NAMESPACE or "unshare" in ran.err:
        pytest.skip("needs mount namespaces")
    return ran, listed.read_text().split()


def check_refused(ran: Ran, codes: set[str]) -> None:
    told = re.search(r"error: ([A-Z_]+): [^\n]+\n\nhint: [^\n]+\n", ran.err)
    assert told is not None, ran.err
    assert told[1] in codes
    assert ran.code == 7


@pytest.mark.needs("unshare", "mount")
@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ("nr_inodes=1", {"HOME_UNWRITABLE"}),
        ("size=4k", {"KEY_FILE_UNWRITABLE"}),
        ("size=12k", {"KEY_FILE_UNWRITABLE"}),
        ("size=40k", FULL),
        ("size=160k", FULL),
        ("size=100k", FULL),
    ],
)
def test_a_home_on_a_full_disk_is_refused_and_made_once_there_is_room(
    options: str, codes: set[str], tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    shell = Shell(tmp_path, {"PLACET_HOME": str(disk / "home")})

    ran, left = init_on(disk, options, shell)

    check_refused(ran, codes)
    assert left == ["home"], ran.err


@pytest.mark.needs("unshare", "mount")
def test_an_anchor_on_a_full_disk_is_refused(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    shell = Shell(tmp_path, {"PLACET_ANCHOR": str(disk / "anchors")})

    ran, _ = init_on(disk, "nr_inodes=1", shell)

    check_refused(ran, {"AUDIT_UNAVAILABLE"})
