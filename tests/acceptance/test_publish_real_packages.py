"""Three real packages published by a team into a registry that is not ours, installed, run, and verified offline."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from acceptance.packages.fetch import RealPackage, fetch, real_packages
from placet.domain.encoding.archive import read_archive
from placet.domain.package.manifest import install_effects
from support.npm_client import NpmClient
from support.offline import without_network
from support.shell import Shell
from support.team import approve, found_team
from support.verdaccio import Verdaccio, running_verdaccio

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.needs("ssh-keygen", "unshare")]

POLICY = """\
version = "team-1"

[groups.maintainers]
members = ["person:bob", "person:carol", "person:dan"]

[[rule]]
operations = ["publish_package", "put_object", "register_package"]
subjects   = ["npm:**", "files:**", "core:**"]
requesters = ["person:alice"]
approvals  = [{ group = "maintainers", count = 2, assurance = 2 }]

[[rule]]
operations = ["issue_certificate", "change_executor"]
subjects   = ["core:**"]
requesters = ["person:alice"]
approvals  = []
"""
SCRIPTS = {
    "ms": "console.log(require('ms')('2 days'))",
    "@noble/hashes": (
        "import('@noble/hashes/sha2.js').then(({sha256}) =>"
        " console.log(Buffer.from(sha256(new Uint8Array())).toString('hex').slice(0, 8)))"
    ),
    "yaml": "console.log(require('yaml').parse('answer: 42').answer)",
}
SAID = {"ms": "172800000\n", "@noble/hashes": "e3b0c442\n", "yaml": "42\n"}
OPERATIONS = ["put_object", "put_object", "publish_package", "register_package"]
PACKAGES = [each for each in real_packages() if each.name in SCRIPTS]
each_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)


class Team(Struct, frozen=True):
    """A team's installation, the registry it publishes to, and what it has published, by package."""

    shell: Shell
    verdaccio: Verdaccio
    published: dict[str, Any]

    def publish(self, package: RealPackage) -> Any:
        """Publish in one process, approve in two others, and return what the first said in the end."""
        publishing = self.shell.start("publish", str(package.path), "--json")
        run_id = run_that_waits(publishing)
        approve(self.shell, run_id, "bob", "carol")
        out, err = publishing.communicate(timeout=120)
        assert publishing.returncode == 0, err
        return json.loads(out)

    def download(self, package: RealPackage) -> Path:
        """Fetch the tarball that the registry serves."""
        with urllib.request.urlopen(f"{self.verdaccio.url}/{package.name}") as answer:  # noqa: S310 - our own loopback address
            dist = json.load(answer)["versions"][package.version]["dist"]
        place = self.shell.place / f"downloaded-{package.file_name}"
        with urllib.request.urlopen(dist["tarball"]) as answer:  # noqa: S310 - as above
            place.write_bytes(answer.read())
        return place


def run_that_waits(publishing: subprocess.Popen[bytes]) -> str:
    """Return the run's id as soon as the process says that it waits for approvals."""
    assert publishing.stderr is not None
    told = []
    for line in publishing.stderr:
        told.append(line.decode())
        if line.startswith(b"waiting"):
            return next(each.split()[1] for each in told if each.startswith("run "))
    raise AssertionError("".join(told))


@pytest.fixture(scope="module")
def verdaccio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdaccio]:
    with running_verdaccio(tmp_path_factory.mktemp("verdaccio")) as running:
        yield running


@pytest.fixture(scope="module")
def packages() -> list[RealPackage]:
    """Return the packages, each fetched once for all runs and held beside its digest."""
    assert fetch([each for each in PACKAGES if not each.is_kept()]) == []
    return PACKAGES


@pytest.fixture(scope="module")
def team(packages: list[RealPackage], verdaccio: Verdaccio, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """Found a team, add its providers, and publish all three."""
    shell = found_team(tmp_path_factory.mktemp("team"), POLICY, REGISTRY_TOKEN=verdaccio.token)
    (shell.place / "objects").mkdir()
    shell.done("provider", "add", "npm", "--kind", "npm", "--url", verdaccio.url, "--credential", "env:REGISTRY_TOKEN")
    shell.done("provider", "add", "files", "--kind", "folder", "--url", str(shell.place / "objects"))
    team = Team(shell, verdaccio, {})
    for package in packages:
        team.published[package.name] = team.publish(package)
    return team


def test_there_is_an_unscoped_a_scoped_and_one_with_a_bin_and_over_a_hundred_files(packages: list[RealPackage]) -> None:
    readings = {each.name: read_archive(each.path.read_bytes()) for each in packages}
    assert sorted(readings) == ["@noble/hashes", "ms", "yaml"]
    assert len(readings["yaml"].files) > 100
    assert install_effects(readings["yaml"]).bins


@each_package
def test_every_operation_was_done_once_under_a_prod_receipt_of_its_own(team: Team, package: RealPackage) -> None:
    done = team.published[package.name]
    assert (done["mode"], done["state"]) == ("prod", "executed")
    assert [each["operation_kind"] for each in done["operations"]] == OPERATIONS
    assert len(set(done["receipts"])) == len(OPERATIONS)
    for receipt_id in done["receipts"]:
        receipt = team.shell.done("receipt", "show", receipt_id, "--json").json()
        assert (receipt["state"], receipt["attempt"]) == ("executed", 1)
        assert (receipt["payload"]["mode"], receipt["payload"]["enforceable"]) == ("prod", True)


@each_package
def test_npm_installs_and_node_runs_what_was_published(team: Team, package: RealPackage, tmp_path: Path) -> None:
    npm = NpmClient(home=tmp_path / "home", registry=team.verdaccio.url)
    project = tmp_path / "project"
    project.mkdir()
    npm.run("install", f"{package.name}@{package.version}", "--prefix", str(project))
    ran = subprocess.run(["node", "-e", SCRIPTS[package.name]], cwd=project, capture_output=True, text=True, check=True)
    lock = json.loads((project / "package-lock.json").read_text())["packages"][f"node_modules/{package.name}"]
    installed = json.loads((project / "node_modules" / package.name / "package.json").read_text())
    assert ran.stdout == SAID[package.name]
    assert lock["integrity"] == read_archive(team.download(package).read_bytes()).integrity
    assert installed["chittyos"]["certificate"]["cert_id"] == team.published[package.name]["certificate_id"]


def test_the_bin_of_an_installed_package_runs(team: Team, tmp_path: Path) -> None:
    npm = NpmClient(home=tmp_path / "home", registry=team.verdaccio.url)
    project = tmp_path / "project"
    project.mkdir()
    npm.run("install", "yaml", "--prefix", str(project))
    ran = subprocess.run(
        [project / "node_modules/.bin/yaml", "--json"], input="answer: 42\n", capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == [{"answer": 42}]


@each_package
def test_what_was_downloaded_its_name_and_its_bundle_verify_without_a_network(
    team: Team, package: RealPackage, tmp_path: Path
) -> None:
    environment = team.shell.environment()
    downloaded = team.download(package)
    done = team.published[package.name]
    stranger = {"HOME": str(tmp_path), "PLACET_HOME": str(tmp_path / "none"), "PATH": environment["PATH"]}
    (tmp_path / "trust-root.json").write_bytes((team.shell.place / "home" / "trust-root.json").read_bytes())
    (tmp_path / "bundle.json").write_bytes(Path(done["bundle"]).read_bytes())
    (tmp_path / "package.tgz").write_bytes(downloaded.read_bytes())

    name = f"{package.name}@{package.version}"
    verdicts = [
        without_network(["verify", downloaded, "--json"], environment, team.shell.place),
        without_network(["verify", name, "--json"], environment, team.shell.place),
        without_network(["verify", "bundle.json", "--trust-root", "trust-root.json", "--json"], stranger, tmp_path),
        without_network(
            ["verify", "package.tgz", "--evidence", "bundle.json", "--trust-root", "trust-root.json", "--json"],
            stranger,
            tmp_path,
        ),
    ]

    for verdict in verdicts:
        assert verdict["verified"] is True
        assert (verdict["package"], verdict["version"], verdict["sha256"]) == (
            package.name,
            package.version,
            done["sha256"],
        )
        assert verdict["requester"] == "person:alice"
        assert verdict["approvers"] == [
            {"approver": "person:bob", "assurance": 2},
            {"approver": "person:carol", "assurance": 2},
        ]
    assert not (tmp_path / "none").exists()


def test_each_version_stands_once_at_the_registry_and_in_the_ledger_which_verifies(team: Team) -> None:
    for package in PACKAGES:
        with urllib.request.urlopen(f"{team.verdaccio.url}/{package.name}") as answer:  # noqa: S310 - our own loopback address
            shown = json.load(answer)
        assert list(shown["versions"]) == [package.version]
        assert shown["dist-tags"] == {"latest": package.version}
    entries = team.shell.done("ledger", "show", "--count", "1000", "--json").json()["entries"]
    published = [each["subject"] for each in entries if each["type"] == "package.published"]
    audit = team.shell.done("ledger", "verify", "--json").json()
    assert sorted(published) == sorted(f"npm:{each.name}@{each.version}" for each in PACKAGES)
    assert (audit["verified"], audit["full"]) == (True, True)
