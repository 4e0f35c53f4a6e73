"""The doctor: exit code 0 where nothing fails, 1 else; also for a home that does not open."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.shell import Shell


def areas(ran: object) -> set[str]:
    assert isinstance(ran, dict)
    return {each["area"] for each in ran["findings"] if each["health"] == "fail"}


def test_a_sound_installation_is_well_and_nothing_is_recorded_or_sent(trial: Shell) -> None:
    before = trial.size()
    ran = trial.done("doctor")
    document = trial.done("doctor", "--json").json()

    assert "is well: " in ran.out.splitlines()[0]
    assert (document["healthy"], document["failures"]) == (True, 0)
    assert trial.size() == before


def test_online_the_registry_is_asked_and_its_credential_never_shown(trial: Shell) -> None:
    ran = trial.done("doctor", "--online")

    assert "answered" in ran.out
    assert "credential env:NPM_TOKEN is there" in ran.out
    assert trial.variables["NPM_TOKEN"] not in ran.out + ran.err


def test_a_missing_credential_and_a_missing_home_are_failures_with_a_next_step(trial: Shell, tmp_path: Path) -> None:
    missing = trial.placet("doctor", "--json", env={"NPM_TOKEN": ""})
    nothing = Shell(tmp_path).placet("doctor", "--json")

    assert (missing.code, areas(missing.json()), missing.error()["code"]) == (1, {"providers"}, "UNHEALTHY")
    assert (nothing.code, areas(nothing.json())) == (1, {"home"})
    assert nothing.json()["findings"][0]["next_step"].startswith("placet init")


def test_why_a_home_does_not_open_is_told_beside_what_is_wrong_with_its_files(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.done("init", "--profile", "trial")
    (tmp_path / "home" / "keys" / "checkpoint.key.json").chmod(0o644)
    exposed = shell.placet("doctor")
    (tmp_path / "home" / "keys" / "checkpoint.key.json").chmod(0o600)
    shutil.rmtree(tmp_path / "anchors")
    sealed = shell.placet("doctor", "--json")

    assert exposed.code == 1
    assert "others may read or write checkpoint.key.json" in exposed.out
    assert "KEY_FILE_EXPOSED" in exposed.out
    assert "next: chmod 600" in exposed.out
    assert areas(sealed.json()) == {"anchor"}
    assert not (tmp_path / "anchors").exists()
