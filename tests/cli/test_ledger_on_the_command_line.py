"""The ledger on the command line: what it shows and proves, what it says when something is wrong."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from support.shell import Shell


@pytest.fixture
def copied(published: Shell, tmp_path: Path) -> Shell:
    """Return a copy of the installation with a copy of its anchors, to be harmed."""
    for name in ("home", "anchors"):
        shutil.copytree(published.place / name, tmp_path / name)
    return Shell(tmp_path, dict(published.variables))


def test_entries_are_shown_newest_last_and_from_where_one_likes(published: Shell) -> None:
    newest = published.done("ledger", "show", "--count", "3", "--json").json()
    first = published.done("ledger", "show", "--from", "0", "--count", "2")

    assert [each["seq"] for each in newest["entries"]] == [newest["size"] - 3, newest["size"] - 2, newest["size"] - 1]
    assert [line.split()[0] for line in first.out.splitlines()[-3:]] == ["SEQ", "0", "1"]


def test_an_entry_is_proven_under_a_signed_checkpoint(published: Shell) -> None:
    proof = published.done("ledger", "prove", "2", "--json").json()

    assert json.loads(proof["entry"])["seq"] == 2
    assert proof["leaf_hash"] == hashlib.sha256(b"\0" + proof["entry"].encode()).hexdigest()
    assert proof["checkpoint"].splitlines()[1] == str(proof["size"])


def test_a_changed_byte_is_found_and_named(copied: Shell) -> None:
    with sqlite3.connect(copied.place / "home" / "ledger.sqlite") as database:
        content = database.execute("SELECT content FROM entity WHERE key LIKE 'run/%'").fetchone()[0]
        database.execute(
            "UPDATE entity SET content = ? WHERE content = ?", (content.replace(b"prod", b"pr0d"), content)
        )
    database.close()

    ran = copied.placet("ledger", "verify", "--json")

    assert ran.code == 5
    assert ran.json()["verified"] is False
    assert ran.json()["finding"]["layer"] == "state"
    assert ran.error()["code"] == "LEDGER_CONTRADICTED"


def test_a_file_that_is_no_ledger_is_named_as_such(copied: Shell) -> None:
    (copied.place / "home" / "ledger.sqlite").write_bytes(b"junk" * 2048)

    ran = copied.placet("ledger", "verify")

    assert (ran.code, "error: AUDIT_UNAVAILABLE: " in ran.err) == (7, True)


def test_a_home_that_was_rolled_back_is_sealed_reads_work_and_verification_names_it(copied: Shell) -> None:
    shutil.copytree(copied.place / "home", copied.place / "old")
    copied.done("provider", "add", "other", "--kind", "folder", "--url", ".")
    shutil.rmtree(copied.place / "home")
    (copied.place / "old").rename(copied.place / "home")

    act = copied.placet("provider", "add", "more", "--kind", "folder", "--url", ".")
    shown = copied.done("ledger", "show")
    verified = copied.placet("ledger", "verify")

    assert (act.code, "error: SEALED: " in act.err) == (7, True)
    assert "SEALED" in shown.out
    assert (verified.code, "layer anchor" in verified.err) == (5, True)


def test_a_lost_anchor_seals_until_the_head_is_adopted_on_the_record(copied: Shell) -> None:
    shutil.rmtree(copied.place / "anchors")
    origin = copied.done("ledger", "show", "--json").json()["origin"]

    sealed = copied.placet("certificate", "issue", "@acme/tool@8.0.0")
    adopted = copied.done("ledger", "anchor", "--adopt", origin)
    twice = copied.placet("ledger", "anchor", "--adopt", origin)
    verified = copied.done("ledger", "verify")

    assert (sealed.code, f"placet ledger anchor --adopt {origin}" in sealed.err) == (7, True)
    assert adopted.out.startswith(f"The present head of {origin} is the anchor now")
    assert (twice.code, "error: ANCHOR_NOT_MISSING: " in twice.err) == (1, True)
    assert verified.out.startswith("The ledger holds: ")


def test_a_checkpoint_of_another_log_is_refused_without_a_verdict(published: Shell, tmp_path: Path) -> None:
    other = Shell(tmp_path)
    other.done("init", "--profile", "trial")
    (published.place / "foreign.note").write_text(other.done("ledger", "show", "--checkpoint").out)

    for wrong in ("foreign.note", "evidence.json"):
        ran = published.placet("ledger", "verify", "--checkpoint", wrong, "--json")
        assert (ran.code, ran.error()["code"], ran.out) == (5, "CHECKPOINT_INVALID", "")
