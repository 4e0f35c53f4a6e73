"""The main job as one person walks through it: init, provider add, publish, look, verify."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path

import pytest

from placet.demo.npm_double import Fault, NpmDouble
from support.shell import Ran, Shell

RECEIPT = re.compile(r"fc-receipt-[0-9]{8}-[0-9]{6}-[0-9a-f]{12}")


def the_run(shell: Shell, mode: str = "prod") -> str:
    runs = shell.done("run", "list", "--json").json()["runs"]
    return str(next(each["run_id"] for each in runs if (each["mode"], each["subject"]) == (mode, "@acme/tool@1.0.0")))


def wait_for_finding(shell: Shell, env: dict[str, str]) -> str:
    """Reconcile until what was in doubt is settled, and return what was said then."""
    until = time.monotonic() + 60
    while "indeterminate  failed" not in (said := shell.done("reconcile", env=env).out):
        assert time.monotonic() < until, said
    return said


@pytest.fixture(scope="module")
def shown(published: Shell) -> Ran:
    return published.done("run", "show", the_run(published))


def test_a_trial_says_loudly_what_it_means(tmp_path_factory: pytest.TempPathFactory) -> None:
    ran = Shell(tmp_path_factory.mktemp("loud")).done("init", "--profile", "trial")

    assert "TRIAL" in ran.err
    assert "NOBODY has to approve" in ran.err
    assert "NOT encrypted" in ran.err
    assert "placet provider add npm" in ran.out


def test_publishing_tells_what_was_published_and_how_to_check_it(published: Shell, registry: NpmDouble) -> None:
    ran = published.done("publish", "my-package")

    assert ran.out.startswith("Published @acme/tool@1.0.0.\n")
    assert len(set(RECEIPT.findall(ran.out))) == 4
    assert "  placet verify @acme/tool@1.0.0\n" in ran.out
    assert registry.effects("@acme/tool", "1.0.0") == 1


def test_publishing_the_same_bytes_again_publishes_nothing_and_names_the_same_run(
    published: Shell, registry: NpmDouble
) -> None:
    before = len([each for each in registry.requests if each[0] == "PUT"])

    again = published.done("publish", "my-package", "--json")

    assert again.json()["run_id"] == the_run(published)
    assert f"done by    {the_run(published)}\n" in again.err
    assert len([each for each in registry.requests if each[0] == "PUT"]) == before


def test_progress_goes_to_standard_error_and_data_to_standard_output(trial: Shell) -> None:
    trial.package("1.0.1", folder="progress")

    ran = trial.done("publish", "progress", "--json")

    told = ["packing", "package", "run", "certified", "planned", "phrase"]
    assert [line.split()[0] for line in ran.err.splitlines()] == told
    assert ran.json()["subject"] == "@acme/tool@1.0.1"


def test_a_dry_run_sends_nothing_and_says_so(trial: Shell, registry: NpmDouble) -> None:
    trial.package("7.0.0", folder="rehearsed")
    writes = len([each for each in registry.requests if each[0] == "PUT"])

    ran = trial.done("publish", "rehearsed", "--dry-run")

    assert "nothing was done" in ran.out
    assert "MODE_NOT_PROD" in ran.out
    assert re.search(r"not made +certificate, stamp, signature\n", ran.out)
    assert len([each for each in registry.requests if each[0] == "PUT"]) == writes


def test_an_offline_dry_run_asks_the_registry_nothing(trial: Shell, registry: NpmDouble) -> None:
    trial.package("7.0.1", folder="offline")
    connections = registry.connections

    ran = trial.done("publish", "offline", "--dry-run", "--offline", "--json")

    assert ran.json()["observed"]["version"] == "unobserved"
    assert registry.connections == connections


def test_a_run_is_shown_in_four_phases_and_with_the_reason_of_every_operation(shown: Ran) -> None:
    lines = shown.out.splitlines()

    assert lines[0] == "@acme/tool@1.0.0: executed"
    assert [line.split()[:2] for line in lines if re.match(r"  (plan|authorize|execute|audit) ", line)] == [
        ["plan", "done"],
        ["authorize", "done"],
        ["execute", "done"],
        ["audit", "done"],
    ]
    assert "  1  put_object  files:packages/@acme/tool/1.0.0.tgz" in lines
    assert "  3  publish_package  npm:@acme/tool@1.0.0" in lines
    assert len([line for line in lines if "executed under receipt fc-receipt-" in line]) == 4


def test_nothing_that_is_shown_is_wider_than_a_terminal(published: Shell, shown: Ran) -> None:
    texts = [shown, published.done("verify", "@acme/tool@1.0.0"), published.done("ledger", "verify")]

    assert [line for ran in texts for line in ran.out.splitlines() if len(line) > 100] == []


def test_a_refusal_of_the_registry_ends_with_6_and_the_run_says_why_and_what_next(
    trial: Shell, registry: NpmDouble
) -> None:
    folder = trial.package("1.1.0", folder="refused")
    registry.inject(Fault(status=403))

    refused = trial.placet("publish", folder)
    run_id = next(line.split()[1] for line in refused.err.splitlines() if line.startswith("run "))
    shown = trial.done("run", "show", run_id)
    resumed = trial.done("run", "resume", run_id)

    assert (refused.code, refused.out) == (6, "")
    assert "error: PROVIDER_REFUSED: publish_package of npm:@acme/tool@1.1.0 failed" in refused.err
    assert "     failed: PROVIDER_REFUSED\n       status  403\n" in shown.out
    assert shown.out.endswith(f"Next\n  placet run resume {run_id}\n")
    assert resumed.out.startswith(f"{run_id} is executed: ")
    assert registry.effects("@acme/tool", "1.1.0") == 1


def test_a_lost_answer_ends_with_6_and_reconciling_finds_out(trial: Shell, registry: NpmDouble) -> None:
    folder = trial.package("1.2.0", folder="lost")
    quick = {"PLACET_DEADLINE_SECONDS": "1", "PLACET_SETTLE_SECONDS": "0"}
    registry.inject(Fault(acts=False, cut_after=5))

    lost = trial.placet("publish", folder, env=quick)
    run_id = next(line.split()[1] for line in lost.err.splitlines() if line.startswith("run "))
    shown = trial.done("run", "show", run_id, env=quick)
    found = wait_for_finding(trial, quick)
    again = trial.done("publish", folder, env=quick)

    assert (lost.code, "error: OUTCOME_UNKNOWN: " in lost.err, "hint: placet reconcile" in lost.err) == (6, True, True)
    assert shown.out.endswith("Next\n  placet reconcile\n")
    assert "indeterminate  failed" in found
    assert again.out.startswith("Published @acme/tool@1.2.0.")
    assert registry.effects("@acme/tool", "1.2.0") == 1


def test_with_nothing_in_doubt_reconciling_says_so(published: Shell) -> None:
    assert published.done("reconcile").err == "no effect is in doubt\n"
    assert published.done("reconcile", "--json").json() == {"receipts": []}


def test_a_published_version_verifies_by_name(published: Shell) -> None:
    ran = published.done("verify", "@acme/tool@1.0.0")

    assert ran.out.startswith("Verified: @acme/tool@1.0.0 was published under authorization.\n")
    assert "nobody: policy trial-1 demands no approval" in ran.out


def test_the_bytes_that_the_registry_serves_verify_and_others_do_not(published: Shell, registry: NpmDouble) -> None:
    tgz = registry.packages.tarball("@acme/tool", "tool-1.0.0.tgz")
    (published.place / "served.tgz").write_bytes(tgz)
    (published.place / "altered.tgz").write_bytes(tgz[:-1] + bytes([tgz[-1] ^ 1]))

    good = published.done("verify", "served.tgz", "--json").json()
    bad = published.placet("verify", "altered.tgz", "--evidence", "evidence.json", "--json")

    assert good["sha256"] == hashlib.sha256(tgz).hexdigest()
    assert (bad.code, bad.error()["code"], bad.json()["verified"]) == (5, "DIGEST_MISMATCH", False)


def test_a_bundle_verifies_with_a_trust_root_and_no_installation(published: Shell) -> None:
    elsewhere = Shell(published.place, {"PLACET_HOME": str(published.place / "nowhere")})

    ran = elsewhere.done("verify", "evidence.json", "--trust-root", "home/trust-root.json")

    assert ran.out.startswith("Verified: @acme/tool@1.0.0")
    assert not (published.place / "nowhere").exists()


def test_a_file_that_is_called_like_a_package_does_not_stand_in_for_it(published: Shell) -> None:
    decoy = published.place / "@acme"
    decoy.mkdir()
    (decoy / "tool@9.9.9").write_bytes((published.place / "evidence.json").read_bytes())

    by_name = published.placet("verify", "@acme/tool@9.9.9")
    by_path = published.done("verify", "./@acme/tool@9.9.9")

    assert by_name.code != 0
    assert "Verified" not in by_name.out
    assert by_path.out.startswith("Verified: @acme/tool@1.0.0 ")


def test_with_evidence_a_bundle_is_not_taken_for_a_package(published: Shell) -> None:
    ran = published.placet("verify", "evidence.json", "--evidence", "evidence.json", "--json")

    assert (ran.code, ran.error()["code"], ran.out) == (1, "PATH_INVALID", "")


def test_who_verifies_without_an_installation_is_told_what_to_give(published: Shell) -> None:
    elsewhere = Shell(published.place, {"PLACET_HOME": "/nonexistent"})

    nothing = elsewhere.placet("verify", "@acme/tool@1.0.0", "--json").error()
    no_root = elsewhere.placet("verify", "@acme/tool@1.0.0", "--evidence", "evidence.json", "--json").error()

    assert nothing["code"] == "HOME_MISSING"
    assert "--evidence FILE and --trust-root FILE" in nothing["hint"]
    assert no_root["code"] == "FILE_UNREADABLE"
    assert "--trust-root FILE" in no_root["hint"]


def test_what_was_never_published_does_not_verify(published: Shell) -> None:
    ran = published.placet("verify", "@acme/tool@9.9.9")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: EVIDENCE_MISSING: ")


def test_the_evidence_of_a_run_can_be_given_out_later(published: Shell) -> None:
    to_file = published.done("run", "evidence", the_run(published), "--out", "later.json")
    to_output = published.done("run", "evidence", the_run(published))

    assert published.done("verify", "later.json").code == 0
    assert to_file.out == ""
    assert to_output.out.startswith('{"certificates":')


def test_the_ledger_of_a_publication_holds(published: Shell) -> None:
    ran = published.done("ledger", "verify")

    assert re.fullmatch(r"The ledger holds: \d+ entries\.", ran.out.splitlines()[0])
    assert "checked  everything" in ran.out


def test_a_checkpoint_that_was_kept_proves_that_the_ledger_only_grew(published: Shell) -> None:
    note = published.done("ledger", "show", "--checkpoint").out
    (published.place / "kept.note").write_text(note)
    published.package("1.0.2", folder="grown")
    published.done("publish", "grown")

    grown = published.done("ledger", "prove", "--grown-from", "kept.note", "--json").json()
    held = published.done("ledger", "verify", "--checkpoint", "kept.note", "--json").json()

    assert grown["new_size"] > grown["old_size"] == int(note.splitlines()[1])
    assert held["verified"] is True


@pytest.mark.node
def test_npms_own_configuration_names_the_registry_and_a_projects_does_not(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.done("init", "--profile", "trial")
    (shell.place / ".npmrc").write_text("registry=http://127.0.0.1:8001/\n")
    project = Shell(shell.package(), {"HOME": str(tmp_path), "PLACET_HOME": f"{tmp_path}/home"})
    project.variables["PLACET_ANCHOR"] = f"{tmp_path}/anchors"
    (project.place / ".npmrc").write_text("registry=http://127.0.0.1:8002/\n")

    ran = project.done("provider", "add", "npm", "--kind", "npm", "--credential", "env:NPM_TOKEN")

    assert "registry   http://127.0.0.1:8001/ (from your own npm configuration)" in ran.err
    assert shell.done("provider", "list", "--json").json()["providers"] == [
        {
            "provider_id": "npm",
            "kind": "npm",
            "url": "http://127.0.0.1:8001/",
            "credential": "env:NPM_TOKEN",
            "private": False,
            "region": "",
        }
    ]
