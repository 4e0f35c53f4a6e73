"""Secrets come from variables and files by name, never from arguments, and none is shown twice."""

from __future__ import annotations

import re
from pathlib import Path

from cli.conftest import TOKEN
from cli.test_help_of_commands import COMMANDS
from support.homes import PASSPHRASE
from support.shell import Shell

SECRET_OPTIONS = re.compile(r"token|password|passphrase|secret|bootstrap")


def test_no_option_takes_a_secret() -> None:
    names = {name for command in COMMANDS.values() for param in command.params for name in param.opts}

    assert {name for name in names if SECRET_OPTIONS.search(name)} == set()


def test_the_bootstrap_key_is_shown_once_and_stands_nowhere_in_the_home(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"PLACET_PASSPHRASE": PASSPHRASE})

    ran = shell.done("init")
    key = re.findall(r"placet_boot_[0-9a-f]{48}", ran.out + ran.err)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and key[0].encode() in path.read_bytes()]

    assert len(key) == 1
    assert key[0] in ran.out
    assert kept == []


def test_with_json_the_bootstrap_key_is_a_member_of_the_document(tmp_path: Path) -> None:
    ran = Shell(tmp_path, {"PLACET_PASSPHRASE": PASSPHRASE}).done("init", "--json")

    assert re.fullmatch(r"placet_boot_[0-9a-f]{48}", ran.json()["bootstrap_key"])
    assert (ran.json()["profile"], ran.json()["keys_sealed"]) == ("team", True)


def test_a_wrong_or_missing_passphrase_is_refused_and_not_repeated(team: Shell) -> None:
    missing = team.placet("run", "list", env={"PLACET_PASSPHRASE_FILE": ""})
    wrong = team.placet("run", "list", env={"PLACET_PASSPHRASE": "wrong canary", "PLACET_PASSPHRASE_FILE": ""})
    gone = team.placet("run", "list", env={"PLACET_PASSPHRASE_FILE": "/nowhere"})

    assert [(ran.code, ran.err.split()[1]) for ran in (missing, wrong, gone)] == [
        (1, "PASSPHRASE_MISSING:"),
        (1, "PASSPHRASE_WRONG:"),
        (1, "SECRET_FILE_UNREADABLE:"),
    ]
    assert "canary" not in wrong.err


def test_no_secret_stands_in_what_is_shown_or_recorded(team: Shell) -> None:
    commands = (
        ("provider", "list", "--json"),
        ("run", "list", "--json"),
        ("ledger", "show", "--count", "1000", "--json"),
        ("policy", "show", "--json"),
        ("principal", "list", "--json"),
    )

    said = "".join(ran.out + ran.err for ran in (team.done(*each) for each in commands))

    assert "env:NPM_TOKEN" in said
    assert [secret for secret in (TOKEN, PASSPHRASE, "placet_boot_", "PRIVATE KEY") if secret in said] == []


def test_a_credential_that_is_not_there_fails_the_publication_and_is_named(trial: Shell) -> None:
    trial.package("5.5.5", folder="bare")

    ran = trial.placet("publish", "bare", env={"NPM_TOKEN": ""})
    again = trial.done("publish", "bare")

    assert ran.code in (1, 6)
    assert "CREDENTIAL_MISSING" in ran.err
    assert again.out.startswith("Published @acme/tool@5.5.5.")


def test_a_secret_given_in_place_of_its_name_is_refused_unrepeated(trial: Shell) -> None:
    ran = trial.placet(
        "provider", "add", "x", "--kind", "npm", "--url", "http://127.0.0.1:9", "--credential", "npm_canary"
    )

    assert (ran.code, "error: PROVIDER_INVALID: " in ran.err) == (1, True)
    assert "canary" not in ran.err
