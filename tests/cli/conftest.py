"""Installations for tests of the command line: each is made once, quickly, by the facade.

That the commands make the same, the tests of walking through them show.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator

import pytest

from placet import config
from placet.demo.npm_double import NpmDouble
from placet.facade import Placet
from support.homes import TEAM_POLICY, found_team, found_trial, prepare_team
from support.shell import Shell

TOKEN = "npm_t0ken_canary"
RELEASE = """\
[package]
path = "released"

[[operation]]
kind = "put_object"
provider = "files"
artifact = "tarball"

[[operation]]
kind = "publish_package"
provider = "npm"
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
    asyncio.run(found_trial(shell, registry.url))
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
    prepare_team(shell, TEAM_POLICY)
    asyncio.run(found_team(shell, registry.url, TEAM_POLICY))
    return shell


@pytest.fixture(scope="module")
def prepared(published: Shell, registry: NpmDouble) -> Shell:
    """Return an installation in which everything stands that the examples name."""
    place = published.place
    shutil.copytree(place / "my-package", place / "other-package")
    published.package("1.4.0", folder="released")
    manifest = place / "my-package" / "package.json"  # the next version: the example names where it goes
    manifest.write_text(manifest.read_text().replace("1.0.0", "1.0.7"))
    runs = published.done("run", "list", "--json").json()["runs"]
    run_id = next(each["run_id"] for each in runs if each["subject"] == "@acme/tool@1.0.0")
    shown = published.done("run", "show", run_id, "--json").json()
    published.variables |= {
        "RUN": run_id,
        "CERTIFICATE": shown["certificate_id"],
        "OTHER_CERTIFICATE": published.done("certificate", "issue", "@acme/tool@3.0.0", "--json").json()["cert_id"],
        "RECEIPT": shown["operations"][0]["receipt_id"],
        "REGISTRY": registry.url,
        "ORIGIN": published.done("ledger", "show", "--json").json()["origin"],
    }
    (place / "policy.toml").write_text(published.done("policy", "show", "--document").out)
    (place / "release.toml").write_text(RELEASE)
    published.ssh_key("alice")
    published.variables |= governed_examples(published)
    return published


async def _trusting_issuers(shell: Shell) -> None:
    async with Placet.open(config.load(shell.environment())) as placet:
        for host in ("id", "old"):
            await placet.trust.add_issuer(f"https://{host}.example.com", client_id="before")
        await placet.governance.add_principal("person:yan", public_keys=(), identity="https://id.example.com#yan")


def governed_examples(shell: Shell) -> dict[str, str]:
    """Enrol who is to be changed and freeze what is to be lifted, neither of which concerns anything else."""
    for name in ("mallory", "second"):
        shell.ssh_key(name)
    shell.done("key", "create", "--name", "ci", "--principal", "person:local", "--scope", "registry:write=@acme/*")
    shell.done("package", "visibility", "@acme/older", "private")
    added = shell.done("principal", "add", "person:mallory", "--key", "mallory.pub", "--json").json()
    shell.done("principal", "add", "person:zoe")
    shell.done("principal", "disable", "person:zoe")
    asyncio.run(_trusting_issuers(shell))
    freezes = [
        shell.done("freeze", "set", f"npm:@acme/{name}", "--reason", "an example", "--json").json()["freeze_id"]
        for name in ("older", "oldest")
    ]
    return {"KEY": added["key_ids"][0], "FREEZE": freezes[0]}
