"""Plans that people write down, and finding out afterwards what was attempted, denied, and why."""

from __future__ import annotations

import re

import pytest

from cli.conftest import RELEASE
from placet.demo.npm_double import NpmDouble
from support.shell import Shell

AUDITED = {
    "timestamp", "operation_id", "run_id", "operation", "operation_kind", "repository", "receipt_id", "mode", "status",
    "authorization_valid", "checks", "execution_success", "started_at", "completed_at", "error_code", "error_message",
    "response", "retry_count",
}  # fmt: skip


def plan_file(shell: Shell, version: str, text: str = RELEASE) -> str:
    """Write a package and the plan file that releases it."""
    shell.package(version, folder=f"released-{version}")
    (shell.place / f"{version}.toml").write_text(text.replace('"released"', f'"released-{version}"'))
    return f"{version}.toml"


def newest(shell: Shell) -> str:
    return str(shell.done("run", "list", "--limit", "1", "--json").json()["runs"][0]["run_id"])


def test_a_plan_is_created_and_nothing_of_it_is_done_until_it_is_resumed(trial: Shell, registry: NpmDouble) -> None:
    made = trial.done("plan", "create", plan_file(trial, "2.0.0"))
    run_id = newest(trial)
    before = registry.effects("@acme/tool", "2.0.0")
    resumed = trial.done("run", "resume", run_id)

    assert made.out.startswith("Planned: @acme/tool@2.0.0.\n")
    assert made.out.endswith(f"Nothing is missing. It is carried out with\n  placet run resume {run_id}\n")
    assert (before, registry.effects("@acme/tool", "2.0.0")) == (0, 1)
    assert resumed.out.startswith(f"{run_id} is executed: @acme/tool@2.0.0\n")
    assert trial.done("verify", "@acme/tool@2.0.0").out.startswith("Verified: ")


def test_resuming_what_is_done_says_the_same_again_and_changes_nothing(trial: Shell, registry: NpmDouble) -> None:
    trial.done("plan", "create", plan_file(trial, "2.0.3"), "--wait", "5")
    run_id, size = newest(trial), trial.size()

    first, again = (trial.done("run", "resume", run_id) for _ in range(2))

    assert first.out == again.out
    assert again.out.startswith(f"{run_id} is executed: @acme/tool@2.0.3\n")
    assert (registry.effects("@acme/tool", "2.0.3"), trial.size()) == (1, size)


def test_with_wait_it_is_carried_out_at_once_and_a_second_time_changes_nothing(
    trial: Shell, registry: NpmDouble
) -> None:
    file = plan_file(trial, "2.0.1")

    first = trial.done("plan", "create", file, "--wait", "5", "--json").json()
    again = trial.done("plan", "create", file, "--wait", "5", "--json").json()
    planned = trial.done("plan", "create", file)

    assert first["run_id"] == again["run_id"]
    assert (first["state"], registry.effects("@acme/tool", "2.0.1")) == ("executed", 1)
    assert planned.out.endswith("All of it was carried out before.\n")


def test_a_dry_run_of_a_plan_file_says_what_would_ship_and_run_show_says_so_later(trial: Shell) -> None:
    ran = trial.done("plan", "create", plan_file(trial, "2.0.2"), "--dry-run")
    shown = trial.done("run", "show", newest(trial))

    assert "In production all of it would ship.\n" in ran.out
    assert re.findall(r"^  (\w+) +(?:done|advisory|blocked by mode|recorded)", ran.out, re.MULTILINE) == [
        "discover", "select", "verify", "evaluate", "plan", "authorize", "execute", "audit",
    ]  # fmt: skip
    assert re.search(r"execute +blocked by mode", shown.out)
    assert "blocked by mode: a dry run performs nothing" in shown.out


def test_a_team_s_plan_waits_for_its_approvals_and_says_how_to_give_them(team: Shell) -> None:
    only_npm = RELEASE[: RELEASE.index("[[operation]]")] + RELEASE[RELEASE.rindex("[[operation]]") :]
    made = team.done("plan", "create", plan_file(team, "2.1.0", only_npm), "--as", "person:alice")
    run_id = next(line.split()[1] for line in made.out.splitlines() if line.startswith("  run "))
    refused = team.placet("plan", "create", "2.1.0.toml", "--as", "person:alice", "--wait", "0")
    shown = team.done("run", "show", run_id)
    for name in ("bob", "carol"):
        team.done("approve", run_id, "--as", f"person:{name}", "--key", name, "--yes")
    done = team.done("plan", "create", "2.1.0.toml", "--as", "person:alice", "--wait", "0", "--json").json()

    assert f"  placet approve {run_id} --as person:NAME --key FILE\n" in made.out
    assert (refused.code, "APPROVALS_MISSING" in refused.err) == (4, True)
    assert "     Not enough of the right people have approved yet.\n" in shown.out
    assert f"     - ask approvers: placet approve {run_id} --as person:NAME --key FILE\n" in shown.out
    assert (done["run_id"], done["state"]) == (run_id, "executed")


def test_an_audit_has_the_records_of_the_wire_contract(published: Shell) -> None:
    runs = published.done("run", "list", "--json").json()["runs"]
    run_id = next(each["run_id"] for each in runs if each["subject"] == "@acme/tool@1.0.0")

    records = published.done("run", "audit", run_id, "--json").json()["records"]
    people = published.done("run", "audit", run_id)

    assert all(set(each) == AUDITED for each in records)
    assert [each["operation_kind"] for each in records] == [
        "issue_certificate", "put_object", "put_object", "publish_package", "register_package",
    ]  # fmt: skip
    assert {(each["status"], each["execution_success"], each["authorization_valid"]) for each in records} == {
        ("success", True, True)
    }
    assert all(each["started_at"] <= each["completed_at"] == each["timestamp"] for each in records)
    assert len(re.findall(r"UTC  success$", people.out, re.MULTILINE)) == 5


def test_a_denial_is_audited_and_explained(trial: Shell) -> None:
    trial.done("publish", trial.package("2.2.0", folder="rehearsed-220"), "--dry-run")
    run_id = newest(trial)
    denied = trial.placet("run", "resume", run_id)

    records = trial.done("run", "audit", run_id, "--json").json()["records"]

    assert denied.code == 3
    assert [each["status"] for each in records] == ["rejected_by_mode"] * 6
    assert records[-1]["error_code"] == "MODE_NOT_PROD"


@pytest.mark.parametrize("kind", ["package", "certificate", "event", "receipt", "run"])
@pytest.mark.parametrize("query", ["tool@1.0.0", "@acme/to"])
def test_search_finds_each_kind_by_a_part_of_a_name(published: Shell, kind: str, query: str) -> None:
    found = published.done("search", query, "--type", kind)

    assert found.out
    assert {line.split()[0] for line in found.out.splitlines()} == {kind}


def test_search_finds_packages_by_any_part_of_their_names(published: Shell) -> None:
    found = published.done("search", "ool@1.0.0")

    assert {line.split()[0] for line in found.out.splitlines()} == {"package"}


def test_search_says_where_the_next_page_begins(published: Shell) -> None:
    page = published.done("search", "tool", "--type", "certificate", "--limit", "1")
    more = page.err.split()

    assert more[:2] == ["more:", "--after"]
    assert published.done("search", "tool", "--type", "certificate", "--after", more[2]).code == 0
    assert published.done("search", "nothing-of-the-kind").err == "nothing was found\n"
