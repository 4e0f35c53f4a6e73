"""Bad input gets a stable code, a sentence and an exit code: no traceback, nothing on standard output, nothing made."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from placet.cli.program import run
from support.shell import Ran, Shell

NO_RUN = "run_01M8034T6115F7RFB72DXHAC9X"
ERROR = re.compile(r"error: ([A-Z][A-Z0-9_]+): [^\n]+\n\nhint: [^\n]+\n")
Command = Callable[..., Ran]


@pytest.fixture
def command(trial: Shell, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run commands in this very process, in the trial installation."""
    for name, value in trial.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(trial.place)

    def go(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(arguments)
        written = capfd.readouterr()
        return Ran(code, written.out, written.err)

    return go


def files_of(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if "home/" not in str(path)}


@pytest.mark.parametrize(
    ("code", "exit_code", "arguments"),
    [
        ("HOME_MISSING", 1, ["--home", "nowhere", "run", "list"]),
        ("HOME_MISSING", 1, ["run", "list", "--home", "nowhere"]),
        ("HOME_EXISTS", 1, ["init", "--home", "my-package", "--profile", "trial"]),
        ("HOME_UNWRITABLE", 1, ["init", "--home", "/dev/null/home", "--profile", "trial"]),
        ("HOME_UNWRITABLE", 1, ["init", "--home", "/proc/home", "--profile", "trial"]),
        ("PASSPHRASE_MISSING", 1, ["init", "--home", "fresh"]),
        ("INSTALLATION_NAME_INVALID", 1, ["init", "--home", "fresh", "--profile", "trial", "--name", "a b"]),
        ("INSTALLATION_NAME_INVALID", 1, ["init", "--home", "fresh", "--profile", "trial", "--name", ""]),
        ("INSTALLATION_NAME_INVALID", 1, ["init", "--home", "fresh", "--profile", "trial", "--name", "x" * 41]),
        ("NOT_FOUND", 1, ["run", "show", NO_RUN]),
        ("NOT_FOUND", 1, ["run", "show", "\u0430\u0431"]),
        ("USAGE", 2, ["run", "show", "\u202eevil"]),
        ("USAGE", 2, ["ledger", "prove", "1" * 5000]),
        ("CHECKPOINT_NOT_FOUND", 1, ["ledger", "prove", "1", "--size", "9" * 18]),
        ("NOT_FOUND", 1, ["run", "resume", NO_RUN]),
        ("NOT_FOUND", 1, ["run", "evidence", NO_RUN]),
        ("NOT_FOUND", 1, ["plan", "show", NO_RUN]),
        ("NOT_FOUND", 1, ["approve", NO_RUN, "--as", "person:bob", "--key", "bob", "--yes"]),
        ("NOT_FOUND", 1, ["deny", NO_RUN, "--as", "person:bob", "--key", "bob", "--yes"]),
        ("NOT_FOUND", 1, ["receipt", "show", "fc-receipt-x"]),
        ("NOT_FOUND", 1, ["receipt", "revoke", "fc-receipt-x"]),
        ("NOT_FOUND", 1, ["certificate", "show", "CERT-PKG-20251113-001"]),
        ("NOT_FOUND", 1, ["certificate", "verify", "CERT-PKG-20251113-001"]),
        ("NOT_FOUND", 1, ["certificate", "revoke", "CERT-PKG-20251113-001", "--reason", "superseded"]),
        ("NAME_INVALID", 1, ["certificate", "issue", "@acme/to ol@1.0.0", "--key-out", "new.key"]),
        ("VERSION_INVALID", 1, ["certificate", "issue", "@acme/tool@1.x", "--key-out", "new.key"]),
        ("FILE_UNREADABLE", 1, ["certificate", "issue", "@acme/tool@1.0.0", "--csr", "nothing.csr"]),
        ("PEM_INVALID", 1, ["certificate", "issue", "@acme/tool@1.0.0", "--csr", "my-package/index.js"]),
        ("FILE_UNWRITABLE", 1, ["certificate", "issue", "@acme/tool@1.0.0", "--key-out", "my-package/index.js"]),
        ("FILE_UNWRITABLE", 1, ["certificate", "issue", "@acme/tool@1.0.0", "--key-out", "nowhere/new.key"]),
        ("PATH_INVALID", 1, ["publish", "nothing"]),
        ("USAGE", 2, ["publish", ""]),
        ("USAGE", 2, ["package", "inspect", ""]),
        ("USAGE", 2, ["certificate", "issue", "@acme/tool@1.0.0", "--archive", "", "--key-out", "new.key"]),
        ("USAGE", 2, ["principal", "add", "person:zed", "--key", ""]),
        ("USAGE", 2, ["approve", NO_RUN, "--as", "person:bob", "--key", "", "--yes"]),
        ("USAGE", 2, ["--home", "", "run", "list"]),
        ("FILE_UNWRITABLE", 1, ["publish", "my-package", "--evidence", "nowhere/evidence.json"]),
        ("FILE_UNWRITABLE", 1, ["publish", "my-package", "--evidence", "my-package/index.js"]),
        ("ARTIFACT_UNSAFE", 1, ["publish", "my-package/index.js"]),
        ("PACK_FAILED", 1, ["publish", "objects"]),
        ("PROVIDER_UNKNOWN", 1, ["publish", "my-package", "--to", "nowhere"]),
        ("DIST_TAG_INVALID", 1, ["publish", "my-package", "--tag", "1.0.0"]),
        ("DIST_TAG_INVALID", 1, ["publish", "my-package", "--tag", "two words"]),
        ("PRINCIPAL_INVALID", 1, ["principal", "add", "nobody"]),
        ("PRINCIPAL_INVALID", 1, ["principal", "add", "agent:alone"]),
        ("KEY_FILE_UNREADABLE", 1, ["principal", "add", "person:zed", "--key", "nothing.pub"]),
        ("KEY_INVALID", 1, ["principal", "add", "person:zed", "--key", "wrong.pub"]),
        ("PROVIDER_INVALID", 1, ["provider", "add", "other", "--kind", "folder"]),
        (
            "PROVIDER_INVALID",
            1,
            ["provider", "add", "a", "--kind", "npm", "--url", "http://[::1]", "--credential", "x"],
        ),
        ("PROVIDER_INVALID", 1, ["provider", "add", "core", "--kind", "npm", "--url", "http://[::1]"]),
        ("PROVIDER_INVALID", 1, ["provider", "add", "Npm", "--kind", "npm", "--url", "http://[::1]"]),
        ("PROVIDER_INVALID", 1, ["provider", "add", "n" * 65, "--kind", "npm", "--url", "http://[::1]"]),
        (
            "PROVIDER_INVALID",
            1,
            ["provider", "add", "a", "--kind", "npm", "--url", "http://[::1]", "--credential", "env:PLACET_PASSPHRASE"],
        ),
        (
            "PROVIDER_INVALID",
            1,
            [
                "provider",
                "add",
                "a",
                "--kind",
                "folder",
                "--url",
                "objects",
                "--credential",
                "file:/proc/self/cwd/home/k",
            ],
        ),
        ("EGRESS_DENIED", 6, ["provider", "add", "other", "--kind", "npm", "--url", "ftp://127.0.0.1"]),
        ("EGRESS_DENIED", 6, ["provider", "add", "other", "--kind", "npm", "--url", "http://example.com"]),
        ("EGRESS_DENIED", 6, ["provider", "add", "other", "--kind", "github", "--url", "https://github.com"]),
        (
            "PROVIDER_INVALID",
            1,
            ["provider", "add", "other", "--kind", "github", "--url", "https://u:p@api.github.com"],
        ),
        ("POLICY_INVALID", 1, ["policy", "check", "my-package/index.js"]),
        ("POLICY_INVALID", 1, ["policy", "activate", "my-package/index.js"]),
        ("FILE_UNREADABLE", 1, ["policy", "check", "my-package"]),
        ("PLAN_FILE_INVALID", 1, ["plan", "create", "my-package/index.js"]),
        ("PLAN_FILE_INVALID", 1, ["plan", "create", "my-package"]),
        ("PLAN_FILE_INVALID", 1, ["plan", "create", "nothing.toml", "--dry-run"]),
        ("QUERY_INVALID", 1, ["search", ""]),
        ("CURSOR_INVALID", 1, ["search", "tool", "--after", "elsewhere"]),
        ("NOT_FOUND", 1, ["run", "audit", "run_00000000000000000000000000"]),
        ("PATH_INVALID", 1, ["verify", "nothing"]),
        ("PATH_INVALID", 1, ["verify", "./evidence/@acme/tool/1.0.0.json"]),
        ("FILE_UNREADABLE", 1, ["verify", "my-package"]),
        ("EVIDENCE_MISSING", 1, ["verify", "@acme/other@1.0.0"]),
        ("FILE_UNREADABLE", 1, ["verify", "@acme/tool@1.0.0", "--evidence", "nothing.json"]),
        ("BUNDLE_MALFORMED", 5, ["verify", "my-package/package.json"]),
        ("TRUST_ROOT_INVALID", 1, ["verify", "my-package/package.json", "--trust-root", "my-package/index.js"]),
        ("ENTRY_NOT_FOUND", 1, ["ledger", "prove", "99999"]),
        ("CHECKPOINT_NOT_FOUND", 1, ["ledger", "prove", "0", "--size", "99999"]),
        ("CHECKPOINT_INVALID", 5, ["ledger", "prove", "--grown-from", "my-package/index.js"]),
        ("ORIGIN_MISMATCH", 1, ["ledger", "anchor", "--adopt", "elsewhere"]),
        ("METADATA_INVALID", 1, ["package", "stamp", "my-package", "--block", "my-package/package.json", "--out", "o"]),
        ("STAMP_REFUSED", 1, ["package", "unstamp", "my-package", "--out", "o"]),
        ("PATH_INVALID", 1, ["package", "inspect", "nothing"]),
        ("USAGE", 2, ["frobnicate"]),
        ("USAGE", 2, ["run", "frobnicate"]),
        ("USAGE", 2, ["run", "show"]),
        ("USAGE", 2, ["run", "list", "--limit", "0"]),
        ("USAGE", 2, ["run", "list", "--limit", "\u0663"]),
        ("USAGE", 2, ["run", "list", "--frobnicate"]),
        ("USAGE", 2, ["run", "show", "\x1b[31mred"]),
        ("USAGE", 2, ["search", "tool", "--type", "secret"]),
        ("USAGE", 2, ["plan", "create", "release.toml", "--wait", "soon"]),
        ("USAGE", 2, ["ledger", "prove"]),
        ("USAGE", 2, ["certificate", "issue", "tool"]),
        ("USAGE", 2, ["certificate", "issue", "@acme/tool@1.0.0", "--csr", "a", "--key-out", "b"]),
        ("USAGE", 2, ["publish", "my-package", "--access", "everybody"]),
        ("USAGE", 2, ["certificate", "revoke", "CERT-PKG-20251113-001", "--reason", "because"]),
    ],
)
def test_bad_input_is_refused_by_its_code(
    command: Command, trial: Shell, code: str, exit_code: int, arguments: list[str]
) -> None:
    (trial.place / "wrong.pub").write_text("ssh-ed25519 AAAA\n")
    before = files_of(trial.place)

    ran = command(*arguments)

    refused = ERROR.search(ran.err)
    assert refused is not None, ran.err
    assert (refused.group(1), ran.code) == (code, exit_code)
    assert ran.err.endswith(refused.group(0))
    assert ran.out == "" or code == "BUNDLE_MALFORMED"
    assert files_of(trial.place) == before


@pytest.mark.parametrize("url", ["https://u:canary@127.0.0.1", "http:/u:canary@x", "https://u:can/ary@x"])
@pytest.mark.parametrize("kind", ["npm", "folder"])
def test_a_password_in_an_address_is_refused_and_never_shown(command: Command, kind: str, url: str) -> None:
    ran = command("provider", "add", "other", "--kind", kind, "--url", url)

    assert (ran.code, "error: PROVIDER_INVALID: " in ran.err) == (1, True)
    assert "ary" not in ran.err + ran.out


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [(["run", "show", NO_RUN], "NOT_FOUND", 1), (["run", "show"], "USAGE", 2), (["frobnicate"], "USAGE", 2)],
)
def test_with_json_an_error_is_one_json_object_on_standard_error(
    command: Command, arguments: list[str], code: str, exit_code: int
) -> None:
    ran = command(*arguments, "--json")

    assert (ran.code, ran.out) == (exit_code, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.error()["code"] == code
    assert list(ran.error()) == ["code", "message", "hint"]


def test_bad_input_leaves_no_run_open(command: Command) -> None:
    for arguments in (
        ["principal", "add", "nobody"],
        ["provider", "add", "a b", "--kind", "folder", "--url", "objects"],
    ):
        command(*arguments)

    states = {each["state"] for each in command("run", "list", "--json").json()["runs"]}

    assert states <= {"executed", "abandoned"}


def test_a_misspelled_command_is_answered_with_the_near_one(command: Command) -> None:
    assert "did you mean publish?" in command("pubish", "my-package").err


def test_in_a_ci_job_prod_is_refused_by_its_own_code(
    command: Command, trial: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.package("4.4.4", folder="in-ci")
    monkeypatch.setenv("CI", "true")

    prod = command("publish", "in-ci")
    rehearsed = command("publish", "in-ci", "--dry-run")

    assert (prod.code, "error: EMBEDDED_IN_CI: " in prod.err) == (3, True)
    assert rehearsed.code == 0


def test_a_setting_that_is_no_number_is_refused_by_name(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACET_DEADLINE_SECONDS", "soon")

    ran = command("run", "list")

    assert (ran.code, "SETTING_INVALID: PLACET_DEADLINE_SECONDS is 'soon'" in ran.err) == (1, True)


def test_an_anchor_inside_the_home_is_refused(command: Command, trial: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACET_ANCHOR", str(trial.place / "fresh" / "anchors"))

    ran = command("init", "--home", "fresh", "--profile", "trial")

    assert (ran.code, "error: ANCHOR_INSIDE_HOME: " in ran.err) == (1, True)
    assert not (trial.place / "fresh").exists()


def test_a_name_that_reads_like_another_is_shown_without_its_disguise(command: Command) -> None:
    ran = command("run", "show", "run\u0430")

    assert "run\\u0430" in ran.err
    assert ran.err.isascii()


def test_nothing_writes_colours_or_moves_the_cursor(command: Command) -> None:
    texts = [command(*each) for each in (["--help"], ["run", "list"], ["publish", "nothing"], ["provider", "list"])]

    assert not any("\x1b" in ran.out + ran.err for ran in texts)
