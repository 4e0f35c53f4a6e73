"""Installations for tests of the command line: each is made once, by the commands that people use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from placet.demo.npm_double import NpmDouble
from support.shell import Shell

TOKEN = "npm_t0ken_canary"
PASSPHRASE = "correct horse battery canary"
TEAM_POLICY = """\
version = "v1"
[groups.maintainers]
members = ["person:alice", "person:bob", "person:carol"]
[[rule]]
operations = ["publish_package", "put_object", "register_package"]
subjects   = ["npm:@acme/*", "files:@acme/*", "core:@acme/*"]
requesters = ["person:*"]
approvals  = [{ group = "maintainers", count = 2, assurance = 2 }]
[[rule]]
operations = ["issue_certificate", "revoke_certificate"]
subjects   = ["core:@acme/*"]
requesters = ["person:*"]
approvals  = []
[[rule]]
operations = ["activate_policy", "enrol_principal", "change_executor"]
subjects   = ["core:**"]
requesters = ["person:*"]
approvals  = [{ group = "maintainers", count = 1, assurance = 2 }]
"""


@pytest.fixture(scope="module")
def registry() -> Iterator[NpmDouble]:
    with NpmDouble(TOKEN) as double:
        yield double


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, registry: NpmDouble) -> Shell:
    """Return a trial installation with a registry and a folder."""
    shell = Shell(tmp_path_factory.mktemp("trial"), {"NPM_TOKEN": TOKEN})
    (shell.place / "objects").mkdir()
    shell.package()
    shell.done("init", "--profile", "trial")
    shell.done("provider", "add", "npm", "--kind", "npm", "--url", registry.url, "--credential", "env:NPM_TOKEN")
    shell.done("provider", "add", "files", "--kind", "folder", "--url", "objects")
    return shell


@pytest.fixture(scope="module")
def published(trial: Shell) -> Shell:
    """Return the trial installation after its first publication."""
    trial.done("publish", "my-package", "--evidence", "evidence.json")
    return trial


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, registry: NpmDouble) -> Shell:
    """Return a team's installation: sealed keys, three approvers with SSH keys, a policy, a registry."""
    shell = Shell(tmp_path_factory.mktemp("team"), {"NPM_TOKEN": TOKEN})
    secret = shell.place / "passphrase"
    secret.write_text(PASSPHRASE + "\n")
    shell.variables["PLACET_PASSPHRASE_FILE"] = str(secret)
    key = {"PLACET_BOOTSTRAP_KEY": shell.done("init", "--json").json()["bootstrap_key"]}
    for name in ("alice", "bob", "carol"):
        shell.ssh_key(name)
        shell.done("principal", "add", f"person:{name}", "--key", f"{name}.pub", env=key)
    (shell.place / "policy.toml").write_text(TEAM_POLICY)
    shell.done("policy", "activate", "policy.toml", env=key)
    npm = ("provider", "add", "npm", "--kind", "npm", "--url", registry.url, "--credential", "env:NPM_TOKEN")
    assert shell.placet(*npm, "--as", "person:alice").code == 4
    asked = shell.done("run", "list", "--limit", "1", "--json").json()["runs"][0]["run_id"]
    shell.done("approve", asked, "--as", "person:bob", "--key", "bob", "--yes")
    shell.done("run", "resume", asked)
    shell.package()
    return shell


@pytest.fixture(scope="module")
def prepared(published: Shell) -> Shell:
    """Return an installation in which everything stands that the examples name."""
    place = published.place
    shutil.copytree(place / "my-package", place / "other-package")
    runs = published.done("run", "list", "--json").json()["runs"]
    run_id = next(each["run_id"] for each in runs if each["subject"] == "@acme/tool@1.0.0")
    shown = published.done("run", "show", run_id, "--json").json()
    published.variables |= {
        "RUN": run_id,
        "CERTIFICATE": shown["certificate_id"],
        "OTHER_CERTIFICATE": published.done("certificate", "issue", "@acme/tool@3.0.0", "--json").json()["cert_id"],
        "RECEIPT": shown["operations"][0]["receipt_id"],
        "ORIGIN": published.done("ledger", "show", "--json").json()["origin"],
    }
    (place / "policy.toml").write_text(published.done("policy", "show", "--document").out)
    published.ssh_key("alice")
    return published
