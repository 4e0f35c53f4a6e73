"""A team at work: one asks, others approve or deny from their own terminals, with their own SSH keys."""

from __future__ import annotations

import json
import os
import pty
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from placet.demo.npm_double import Fault, NpmDouble
from support.homes import TEAM_POLICY
from support.shell import Ran, Shell

pytestmark = pytest.mark.needs("ssh-keygen")
PATIENCE_SECONDS = 60


def asked(shell: Shell, version: str) -> str:
    """Ask for a publication that nobody has approved yet, and return its run."""
    folder = shell.package(version, folder=f"tool-{version}")
    ran = shell.placet("publish", folder, "--as", "person:alice", "--no-wait")
    assert ran.code == 4, ran.err
    return next(line.split()[1] for line in ran.err.splitlines() if line.startswith("run "))


def says(shell: Shell, verb: str, run_id: str, name: str, *more: str) -> Ran:
    return shell.placet(verb, run_id, "--as", f"person:{name}", "--key", name, "--yes", *more)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until


def test_a_team_is_founded_step_by_step(tmp_path: Path, registry: NpmDouble) -> None:
    shell = Shell(tmp_path, {"PLACET_PASSPHRASE": "canary"})
    (tmp_path / "policy.toml").write_text(TEAM_POLICY)
    founded = shell.done("init")
    key = {"PLACET_BOOTSTRAP_KEY": next(line.strip() for line in founded.out.splitlines() if "placet_boot_" in line)}
    for name in ("alice", "bob", "carol"):
        shell.ssh_key(name)
        enrolled = shell.done("principal", "add", f"person:{name}", "--key", f"{name}.pub", env=key)
        assert enrolled.out.startswith(f"person:{name} is enrolled.\n\n  key      SHA256:")
    activated = shell.done("policy", "activate", "policy.toml", env=key)
    npm = ("provider", "add", "npm", "--kind", "npm", "--url", registry.url, "--as", "person:alice")
    pending = shell.placet(*npm)
    run_id = next(word for word in pending.err.split() if word.startswith("run_"))
    approved = says(shell, "approve", run_id, "bob")
    resumed = shell.done("run", "resume", run_id)

    assert activated.out.startswith("Policy v1 is in force.\n")
    assert (pending.code, "error: APPROVALS_MISSING: change_executor of core:npm" in pending.err) == (4, True)
    assert f"  placet run resume {run_id}\n" in approved.out
    assert resumed.out.startswith(f"{run_id} is executed: core:npm\n")
    assert shell.done("provider", "list", "--json").json()["providers"][0]["url"] == registry.url


def test_a_publication_waits_in_one_terminal_while_others_approve_it(team: Shell, registry: NpmDouble) -> None:
    progress = team.place / "progress"
    folder = team.package("1.0.0", folder="waiting")
    with progress.open("wb") as err:
        publishing = team.start("publish", str(folder), "--as", "person:alice", "--json", stderr=err)
    wait_for(lambda: "has 0 of 2 approvals" in progress.read_text())
    told = progress.read_text()
    run_id = next(line.split()[1] for line in told.splitlines() if line.startswith("run "))
    first = says(team, "approve", run_id, "bob")
    wait_for(lambda: "has 1 of 2 approvals" in progress.read_text())
    second = says(team, "approve", run_id, "carol")
    out, _ = publishing.communicate(timeout=PATIENCE_SECONDS)

    assert publishing.returncode == 0
    assert f"  placet approve {run_id} --as person:NAME --key FILE" in told
    fingerprint = next(line for line in first.out.splitlines() if "fingerprint" in line).split(None, 1)[1]
    assert f"The plan's fingerprint is {fingerprint}." in told
    assert "Still missing: group maintainers has 1 of 2 approvals" in first.out
    assert "Nothing is missing" in second.out
    assert b'"state": "executed"' in out
    assert registry.effects("@acme/tool", "1.0.0") == 1


def test_who_waits_only_so_long_is_told_that_approvals_are_missing(team: Shell) -> None:
    folder = team.package("1.1.0", folder="hurry")

    ran = team.placet("publish", folder, "--as", "person:alice", "--wait", "1")

    assert ran.code == 4
    assert "error: APPROVALS_MISSING: group maintainers has 0 of 2 approvals" in ran.err
    assert "hint: placet approve run_" in ran.err


def test_a_run_that_was_approved_meanwhile_is_resumed(team: Shell, registry: NpmDouble) -> None:
    run_id = asked(team, "1.2.0")
    says(team, "approve", run_id, "bob")
    says(team, "approve", run_id, "carol")

    ran = team.done("run", "resume", run_id)

    assert ran.out.startswith(f"{run_id} is executed: @acme/tool@1.2.0\n")
    assert registry.effects("@acme/tool", "1.2.0") == 1


def test_who_approves_twice_counts_once_and_is_told_what_is_missing(team: Shell) -> None:
    run_id = asked(team, "1.2.1")
    first = says(team, "approve", run_id, "bob", "--json").json()
    second = says(team, "approve", run_id, "bob", "--json").json()
    third = says(team, "approve", run_id, "bob")

    missing = ["group maintainers has 1 of 2 approvals at assurance 2"]
    assert (first["already"], first["missing"]) == (False, missing)
    assert (second["already"], second["missing"]) == (True, missing)
    assert "You have approved already" in third.out
    assert f"Still missing: {missing[0]}." in third.out


def test_the_approver_is_shown_the_plan_that_plan_show_prints(team: Shell) -> None:
    run_id = asked(team, "1.3.0")

    shown = team.done("plan", "show", run_id)
    approved = says(team, "approve", run_id, "bob")

    assert shown.out.startswith("PLACET PLAN\nfingerprint: ")
    assert approved.err.startswith(shown.out)


def test_who_asked_may_not_approve(team: Shell) -> None:
    ran = says(team, "approve", asked(team, "1.4.0"), "alice")

    assert ran.code == 3
    assert "\nerror: APPROVER_INELIGIBLE: " in ran.err


def test_an_approval_that_may_not_count_is_on_record(team: Shell) -> None:
    run_id = asked(team, "1.4.1")
    before = team.size()

    ran = says(team, "approve", run_id, "alice")
    denials = team.done("run", "show", run_id, "--json").json()["denials"]

    assert (ran.code, team.size()) == (3, before + 1)
    assert [(each["code"], each["actor"]) for each in denials] == [("APPROVER_INELIGIBLE", "person:alice")]


def test_who_speaks_for_no_group_is_refused_on_record(team: Shell) -> None:
    run_id = asked(team, "1.4.2")
    before = team.size()

    ran = team.placet("approve", run_id, "--as", "person:zoe", "--key", "bob", "--yes", "--json")

    assert (ran.code, ran.error()["code"], team.size()) == (3, "APPROVAL_INVALID", before + 1)


def test_nobody_approves_with_a_key_that_is_not_theirs(team: Shell) -> None:
    run_id = asked(team, "1.5.0")

    ran = team.placet("approve", run_id, "--as", "person:bob", "--key", "carol", "--yes", "--json")

    assert (ran.code, ran.error()["code"], ran.out) == (3, "APPROVAL_INVALID", "")


def test_a_denial_ends_what_waits_and_holds_until_it_is_withdrawn(team: Shell) -> None:
    run_id = asked(team, "1.6.0")
    denied = says(team, "deny", run_id, "bob")
    again = team.placet("publish", "tool-1.6.0", "--as", "person:alice", "--no-wait")
    withdrawn = says(team, "deny", run_id, "bob", "--withdraw")
    afterwards = team.placet("publish", "tool-1.6.0", "--as", "person:alice", "--no-wait")

    assert denied.out.startswith("Denied.\n")
    assert (again.code, "error: DENIED_BY_APPROVER: " in again.err) == (3, True)
    assert withdrawn.out.startswith("The denial is taken back.\n")
    assert afterwards.code == 4


def test_who_waits_learns_of_a_denial(team: Shell) -> None:
    run_id = asked(team, "1.7.0")
    waiting = team.start("run", "resume", run_id, "--json")
    says(team, "deny", run_id, "bob")

    _, err = waiting.communicate(timeout=PATIENCE_SECONDS)

    assert waiting.returncode == 3
    assert b"DENIED_BY_APPROVER" in err


def test_who_denies_what_is_being_sent_stops_the_rest_and_all_are_told_what_stands(
    team: Shell, registry: NpmDouble
) -> None:
    run_id = asked(team, "1.7.1")
    says(team, "approve", run_id, "bob")
    says(team, "approve", run_id, "carol")
    held = threading.Event()
    registry.inject(Fault(method="PUT", acts=True, hold=held))
    sending = team.start("run", "resume", run_id, "--json")
    wait_for(lambda: registry.effects("@acme/tool", "1.7.1") == 1)

    says(team, "deny", run_id, "bob")
    held.set()
    _, err = sending.communicate(timeout=PATIENCE_SECONDS)
    verified = team.placet("verify", "@acme/tool@1.7.1", "--json")

    error = json.loads(err.splitlines()[-1])["error"]
    assert (sending.returncode, error["code"]) == (3, "DENIED_BY_APPROVER")
    assert "standing: publish_package of npm:@acme/tool@1.7.1" in error["hint"]
    assert (verified.code, verified.json()["code"]) == (5, "CERTIFICATE_REVOKED")


def test_without_a_terminal_nothing_is_approved_unless_yes_is_said(team: Shell) -> None:
    run_id = asked(team, "1.8.0")

    ran = team.placet("approve", run_id, "--as", "person:bob", "--key", "bob")

    assert (ran.code, "error: CONFIRMATION_MISSING: " in ran.err) == (1, True)
    assert team.done("run", "show", run_id, "--json").json()["approvals"] == []


@pytest.mark.parametrize(("answer", "code", "counted"), [(b"y\n", 0, 1), (b"n\n", 130, 0), (b"\n", 130, 0)])
def test_at_a_terminal_the_plan_is_shown_and_a_yes_is_asked_for(
    team: Shell, answer: bytes, code: int, counted: int
) -> None:
    run_id = asked(team, f"2.{len(answer)}.{code}")
    controller, terminal = pty.openpty()

    process = team.start("approve", run_id, "--as", "person:bob", "--key", "bob", stdin=terminal)
    os.write(controller, answer)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    os.close(terminal)
    os.close(controller)

    assert process.returncode == code
    assert err.index(b"END OF PLAN") < err.index(b"Approve this plan?")
    assert len(team.done("run", "show", run_id, "--json").json()["approvals"]) == counted


def test_a_governed_act_waits_for_approvals_too(team: Shell) -> None:
    ran = team.placet("principal", "add", "person:dave", "--as", "person:alice", "--json")

    assert (ran.code, ran.error()["code"]) == (4, "APPROVALS_MISSING")
    assert "placet approve run_" in ran.error()["hint"]


def test_the_bootstrap_key_dies_with_the_first_policy(team: Shell) -> None:
    ran = team.placet("principal", "add", "person:mallory", env={"PLACET_BOOTSTRAP_KEY": "placet_boot_" + "0" * 48})

    assert ran.code == 3
    assert "error: BOOTSTRAP_INVALID: " in ran.err
    assert "hint: unset PLACET_BOOTSTRAP_KEY" in ran.err


def test_a_team_is_asked_who_asks(team: Shell) -> None:
    ran = team.placet("publish", "my-package")

    assert (ran.code, "error: REQUESTER_MISSING: " in ran.err) == (1, True)
    assert "hint: give --as person:NAME" in ran.err


def test_who_asks_and_who_approves_see_the_same_words(team: Shell) -> None:
    folder = team.package("3.1.0", folder="tool-3.1.0")
    ran = team.placet("publish", folder, "--as", "person:alice", "--no-wait")
    run_id = next(line.split()[1] for line in ran.err.splitlines() if line.startswith("run "))
    words = next(line.partition(" ")[2].strip() for line in ran.err.splitlines() if line.startswith("phrase "))
    shown = team.done("plan", "show", run_id)

    approved = team.placet("approve", run_id, "--as", "person:bob", "--key", "bob", "--phrase", words.upper())

    assert len(words.split()) == 12
    assert f"phrase: {words}" in shown.err
    assert f"phrase: {words}" in approved.err
    assert (approved.code, f"phrase       {words}" in approved.out) == (0, True), approved.err


def test_words_of_another_plan_approve_nothing(team: Shell) -> None:
    run_id, other = asked(team, "3.2.0"), asked(team, "3.3.0")
    words = team.done("plan", "show", other, "--json").json()["phrase"]

    refused = team.placet("approve", run_id, "--as", "person:bob", "--key", "bob", "--phrase", words)

    assert (refused.code, "PHRASE_MISMATCH" in refused.err) == (1, True)
    assert team.done("run", "show", run_id, "--json").json()["approvals"] == []
