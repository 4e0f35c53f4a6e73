"""Output that cannot be written, readers that go away, interruptions, and bugs: never a traceback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from placet.cli.failures import report_bug
from placet.config import is_debugging
from support.shell import Shell


def exit_code(shell: Shell, text: str) -> tuple[int, str]:
    ran = shell.script(text)
    return ran.code, ran.err


def test_a_reader_that_goes_away_is_no_error(trial: Shell) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = trial.start("run", "list", stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize("command", ["run list", "run list --json", "policy show --document"])
def test_a_full_disk_for_the_output_is_told(trial: Shell, command: str) -> None:
    code, err = exit_code(trial, f"placet {command} > /dev/full")

    assert code == 7
    assert "OUTPUT_FAILED" in err
    assert "Traceback" not in err


def test_help_on_a_full_disk_is_told_too(trial: Shell) -> None:
    code, err = exit_code(trial, "placet --help > /dev/full")

    assert (code, err.startswith("error: SYSTEM_REFUSED: ")) == (7, True)


def test_a_bootstrap_key_that_was_not_shown_is_named_as_lost(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"PLACET_PASSPHRASE": "canary"})

    code, err = exit_code(shell, "placet init > /dev/full")

    assert code == 7
    assert f"kept nowhere: remove {tmp_path}/home and begin again" in err


@pytest.mark.parametrize("output", ["> /dev/full", "--json > /dev/full", "| true"])
def test_a_private_key_that_could_not_be_printed_is_told_as_lost_and_kept_nowhere(trial: Shell, output: str) -> None:
    before = files_of(trial)

    _, err = exit_code(trial, f"placet certificate issue @acme/full@1.0.0 {output}")

    assert "OUTPUT_FAILED" in err
    assert re.search(r"CERT-PKG-[0-9]+-[0-9]+ is issued, and its private key is lost", err)
    assert "placet certificate revoke CERT-PKG-" in err
    assert not any("PRIVATE KEY" in path.read_text(errors="replace") for path in files_of(trial) - before)


def files_of(shell: Shell) -> set[Path]:
    return {path for path in shell.place.rglob("*") if path.is_file()}


def test_nothing_is_issued_where_the_private_key_would_go_nowhere(trial: Shell) -> None:
    before = trial.done("certificate", "list", "--json").out

    code, err = exit_code(trial, "placet certificate issue @acme/closed@1.0.0 1>&-")

    assert (code, "OUTPUT_FAILED: standard output is closed" in err) == (1, True)
    assert trial.done("certificate", "list", "--json").out == before


@pytest.mark.parametrize("closing", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_closed_streams_do_no_harm(trial: Shell, closing: str) -> None:
    assert exit_code(trial, f"placet run list {closing}") == (0, "")


def test_a_plan_that_cannot_be_shown_is_not_signed(trial: Shell) -> None:
    run_id = trial.done("run", "list", "--json").json()["runs"][0]["run_id"]

    ran = trial.script(f"placet approve {run_id} --as person:bob --key nothing --yes 2> /dev/full")

    assert ran.code == 7


def test_arguments_that_are_no_utf8_are_refused(trial: Shell) -> None:
    ran = trial.placet(b"run", b"show", b"run\xff")

    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        "error: USAGE: Invalid value for 'RUN': 'run\\udcff' holds characters that cannot stand here",
    )


def test_paths_that_are_no_utf8_are_as_good_as_any(trial: Shell) -> None:
    trial.package("5.0.0", folder="odd")
    trial.done("package", "inspect", "odd")
    packed = subprocess.run(["npm", "pack", "--silent"], cwd=trial.place / "odd", capture_output=True, check=True)
    tarball = os.fsencode(trial.place / "odd") + b"/\xff.tgz"
    Path(os.fsdecode(trial.place / "odd" / packed.stdout.decode().strip())).rename(os.fsdecode(tarball))

    ran = trial.done(b"publish", tarball, b"--dry-run")
    missing = trial.placet(b"publish", tarball + b".gone")

    assert ran.out.startswith("Dry run of @acme/tool@5.0.0")
    assert (missing.code, "\\udcff.tgz.gone" in missing.err) == (1, True)


def test_a_locale_without_unicode_does_no_harm(trial: Shell) -> None:
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    ran = trial.done("ledger", "prove", "1", env=plain)

    assert "\\u2014 placet/" in ran.out


def test_an_interrupted_wait_ends_with_130_and_can_be_taken_up_again(team: Shell) -> None:
    folder = team.package("9.0.0", folder="interrupted")
    progress = team.place / "interrupted.err"
    with progress.open("wb") as err:
        process = team.start("publish", str(folder), "--as", "person:alice", stderr=err)
    until = time.monotonic() + 60
    while "waiting" not in progress.read_text():
        assert time.monotonic() < until
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    again = team.placet("publish", folder, "--as", "person:alice", "--no-wait")

    assert process.returncode == 130
    assert progress.read_text().endswith("\ninterrupted\n")
    assert (again.code, "resume     run_" in again.err) == (4, True)


def a_bug() -> Exception:
    with pytest.raises(KeyError) as caught:
        dict[str, int]()["nobody foresaw this"]
    return caught.value


def test_a_bug_is_told_with_the_same_reference_every_time(capfd: pytest.CaptureFixture[str]) -> None:
    codes = [report_bug(a_bug(), as_json=False, debugging=False) for _ in range(2)]
    first, _, hint, second, *_ = capfd.readouterr().err.splitlines()

    assert codes == [70, 70]
    assert first == second
    assert first.startswith("error: INTERNAL: this is a bug in Placet (reference ")
    assert hint.startswith("hint: PLACET_DEBUG=1 shows where")


def test_a_bug_shows_where_it_is_only_when_asked(capfd: pytest.CaptureFixture[str]) -> None:
    report_bug(a_bug(), as_json=False, debugging=True)
    debugged = capfd.readouterr().err
    report_bug(a_bug(), as_json=True, debugging=False)
    plain = capfd.readouterr().err

    assert "Traceback" in debugged
    assert "nobody foresaw this" in debugged
    assert plain.startswith('{"error": {"code": "INTERNAL", ')
    assert "nobody" not in plain


@pytest.mark.parametrize(("value", "told"), [("", False), ("0", False), ("1", True)])
def test_debugging_is_asked_for_by_a_variable(value: str, *, told: bool) -> None:
    assert is_debugging({"PLACET_DEBUG": value}) is told
