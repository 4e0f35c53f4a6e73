"""One release set: a package at a registry, its objects in a bucket, a tag and a release, under one plan and two yeses.

The registry is a real Verdaccio, the bucket stands in a real SeaweedFS, GitHub is the double, and
Prism holds each request to it beside GitHub's own description.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.effects import TOKEN
from support.fault_proxy import FaultProxy, watching_proxy
from support.github import Github, running_github
from support.npm_client import NpmClient
from support.offline import without_network
from support.prism import running_prism
from support.seaweed import CREDENTIAL, ObjectStore
from support.shell import Shell
from support.team import approve, found_team
from support.verdaccio import Verdaccio, running_verdaccio

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.needs("ssh-keygen", "unshare", "weed")]

POLICY = """\
version = "team-1"

[groups.maintainers]
members = ["person:bob", "person:carol", "person:dan"]

[[rule]]
operations = ["publish_package", "put_object", "tag_repo", "publish_release", "register_package"]
subjects   = ["npm:@acme/*", "objects:@acme/*", "github:acme/tool", "core:@acme/*"]
requesters = ["person:alice"]
approvals  = [{ group = "maintainers", count = 2, assurance = 2 }]

[[rule]]
operations = ["issue_certificate", "change_executor"]
subjects   = ["core:**"]
requesters = ["person:alice"]
approvals  = []
"""
RELEASE = """\
[package]
path = "my-package"

[[operation]]
kind = "publish_package"
provider = "npm"

[[operation]]
kind = "put_object"
provider = "objects"
artifact = "tarball"

[[operation]]
kind = "put_object"
provider = "objects"
artifact = "certificate"

[[operation]]
kind = "tag_repo"
provider = "github"
name = "acme/tool"
tag = "v1.0.0"
message = "tool 1.0.0"
preconditions = [{ fact = "tag:v1.0.0", expected = "absent" }]

[operation.params]
commit_sha = "@COMMIT@"
tagger_name = "Placet"
tagger_email = "placet@example.com"
tagged_at = "2026-01-02T03:04:05.000Z"

[[operation]]
kind = "publish_release"
provider = "github"
name = "acme/tool"
tag = "v1.0.0"
notes = "The first release."
artifacts = [
  { made = "tarball", name = "tool-1.0.0.tgz" },
  { made = "statement", name = "tool-1.0.0.statement.json" },
]

[operation.params]
commit_sha = "@COMMIT@"
title = "tool 1.0.0"
prerelease = false
latest = true
"""
NAME, KEY = "@acme/tool", "packages/@acme/tool/1.0.0.tgz"
PLANNED = ["publish_package", "register_package", "put_object", "put_object", "tag_repo", "publish_release"]
ASSETS = ["tool-1.0.0.tgz", "tool-1.0.0.statement.json"]
ACTING = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSet:
    """What was planned and done, and every place where it stands."""

    shell: Shell
    verdaccio: Verdaccio
    store: ObjectStore
    prefix: str
    github: Github
    proxies: tuple[FaultProxy, FaultProxy]
    planned: Any
    before: list[str]
    waited: Any
    done: Any
    sent: list[str] = field(repr=False)

    @property
    def run_id(self) -> str:
        return str(self.planned["run_id"])

    @property
    def operations(self) -> dict[str, Any]:
        """Return each planned operation by its kind, of two objects the tarball's."""
        return {each["operation_kind"]: each for each in reversed(self.planned["operations"])}

    def served(self) -> bytes:
        """Return the tarball that the registry serves now."""
        with urllib.request.urlopen(f"{self.verdaccio.url}/{NAME}") as answer:  # noqa: S310 - our own loopback address
            shown = json.load(answer)
        assert list(shown["versions"]) == ["1.0.0"]
        with urllib.request.urlopen(shown["versions"]["1.0.0"]["dist"]["tarball"]) as answer:  # noqa: S310 - as above
            return bytes(answer.read())

    def released(self) -> dict[str, Any]:
        """Return the repository's one release."""
        (release,) = self.github.repository.releases.values()
        return dict(release)

    def what_stands(self) -> list[object]:
        """Return everything that others can see of it, at all three providers, and the requests that made it so."""
        return [
            self.served(),
            self.store.objects(self.prefix),
            dict(self.github.repository.refs),
            self.released(),
            dict(self.github.repository.effects),
            acting(self.proxies, self.github),
        ]


def acting(proxies: tuple[FaultProxy, FaultProxy], github: Github) -> list[str]:
    """Return the requests that could act, as they arrived at registry, bucket and GitHub."""
    lines = [line.rpartition(" ")[0] for proxy in proxies for line in proxy.lines]
    lines += [f"{method} {path}" for method, path in github.sent(*ACTING)]
    return [line for line in lines if line.startswith(ACTING)]


@pytest.fixture(scope="module")
def release_set(tmp_path_factory: pytest.TempPathFactory, seaweed: ObjectStore) -> Iterator[ReleaseSet]:
    """Found a team, add and check its providers, then plan, approve and carry out the whole release."""
    place = tmp_path_factory.mktemp("team")
    with ExitStack() as running:
        verdaccio = running.enter_context(running_verdaccio(tmp_path_factory.mktemp("verdaccio")))
        github = running.enter_context(running_github())
        proxies = tuple(running.enter_context(watching_proxy(url)) for url in (verdaccio.url, seaweed.url))
        registry, bucket = proxies
        shell = found_team(place, POLICY, NPM=verdaccio.token, S3=CREDENTIAL, GITHUB=TOKEN)
        url = f"{bucket.url}/{seaweed.bucket}/{place.parent.name}"
        shell.done("provider", "add", "npm", "--kind", "npm", "--url", registry.url, "--credential", "env:NPM")
        shell.done("provider", "add", "objects", "--kind", "s3", "--url", url, "--credential", "env:S3")
        shell.done(
            "provider", "add", "github", "--kind", "github", "--url", github.double.url, "--credential", "env:GITHUB"
        )
        shell.done("storage", "check", "objects")
        for proxy in proxies:
            proxy.expect()

        shell.package()
        (place / "release.toml").write_text(RELEASE.replace("@COMMIT@", github.commit))
        planned = shell.done("plan", "create", "release.toml", "--json").json()
        waited = shell.placet("run", "resume", planned["run_id"], "--no-wait", "--json").error()
        before = acting((registry, bucket), github)
        approve(shell, planned["run_id"], "bob", "carol")
        done = shell.done("run", "resume", planned["run_id"], "--json").json()
        yield ReleaseSet(
            shell=shell,
            verdaccio=verdaccio,
            store=seaweed,
            prefix=place.parent.name,
            github=github,
            proxies=(registry, bucket),
            planned=planned,
            before=before,
            waited=waited,
            done=done,
            sent=acting((registry, bucket), github),
        )


def test_before_its_two_approvals_nothing_of_the_plan_is_done_anywhere(release_set: ReleaseSet) -> None:
    assert [each["operation_kind"] for each in release_set.planned["operations"]] == PLANNED
    assert release_set.planned["missing"] == ["group maintainers has 0 of 2 approvals at assurance 2"]
    assert release_set.waited["code"] == "APPROVALS_MISSING"
    assert release_set.before == []


def test_each_operation_was_done_once_in_order_under_a_receipt_of_its_own(release_set: ReleaseSet) -> None:
    done = release_set.done
    assert (done["mode"], done["state"]) == ("prod", "executed")
    assert [(each["operation_kind"], each["state"]) for each in done["operations"]] == [
        (kind, "executed") for kind in PLANNED
    ]
    receipts = [each["receipt_id"] for each in done["operations"]]
    assert len(set(receipts)) == len(PLANNED)
    for receipt_id in receipts:
        receipt = release_set.shell.done("receipt", "show", receipt_id, "--json").json()
        assert (receipt["state"], receipt["attempt"], receipt["payload"]["mode"]) == ("executed", 1, "prod")


def test_the_providers_got_just_the_requests_that_make_it(release_set: ReleaseSet) -> None:
    (release,) = release_set.github.repository.releases
    objects = f"/{release_set.store.bucket}/{release_set.prefix}/{KEY.replace('@', '%40')}"
    assert release_set.sent == [
        "PUT /@acme%2ftool",
        f"PUT {objects}",
        f"PUT {objects}.cert.pem",
        "POST /git/tags",
        "POST /git/refs",
        "POST /releases",
        *[f"POST /releases/{release}/assets"] * len(ASSETS),
        f"PATCH /releases/{release}",
    ]


def test_every_request_to_github_fits_its_description(
    release_set: ReleaseSet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    exchanges = list(release_set.github.double.exchanges)
    with running_prism(tmp_path_factory.mktemp("prism")) as prism:
        judged = [(f"{asked.method} {asked.path}", prism.judge(asked, reply)) for asked, reply in exchanges]

    assert len(exchanges) > len(ACTING)
    assert [(name, verdict.request) for name, verdict in judged if verdict.request] == []
    assert [verdict.status for _, verdict in judged] == [reply.status for _, reply in exchanges]


def test_npm_installs_what_was_published_with_its_certificate_in_it(release_set: ReleaseSet, tmp_path: Path) -> None:
    npm = NpmClient(home=tmp_path / "home", registry=release_set.verdaccio.url)
    project = tmp_path / "project"
    project.mkdir()
    npm.run("install", f"{NAME}@1.0.0", "--prefix", str(project))
    ran = subprocess.run(["node", "-p", f"require('{NAME}')"], cwd=project, capture_output=True, text=True, check=True)
    installed = json.loads((project / "node_modules" / NAME / "package.json").read_text())
    assert ran.stdout == "1\n"
    assert installed["chittyos"]["certificate"]["cert_id"] == release_set.done["certificate_id"]


def test_bucket_and_release_hold_the_bytes_that_the_registry_serves(release_set: ReleaseSet) -> None:
    tarball = release_set.served()
    objects = release_set.store.objects(release_set.prefix)
    certificate = release_set.shell.done("certificate", "show", release_set.done["certificate_id"], "--json").json()
    assets = {each["name"]: each["content"] for each in release_set.released()["assets"].values()}
    assert set(objects) == {KEY, f"{KEY}.cert.pem"}
    assert objects[KEY] == tarball == assets["tool-1.0.0.tgz"]
    assert objects[f"{KEY}.cert.pem"].decode().startswith(certificate["pem"])
    (artifact,) = release_set.operations["publish_package"]["artifacts"]
    assert hashlib.sha256(tarball).hexdigest() == artifact["sha256"]


def test_tag_and_release_stand_once_with_the_planned_sha_and_digests(release_set: ReleaseSet) -> None:
    repository, release = release_set.github.repository, release_set.released()
    tag, planned = release_set.operations["tag_repo"], release_set.operations["publish_release"]
    sha = tag["params"]["tag_sha"]
    assert repository.refs["refs/tags/v1.0.0"] == sha == planned["params"]["tag_sha"]
    assert repository.tags[sha]["object"] == release_set.github.commit
    assert (release["draft"], release["tag_name"], release["target_commitish"]) == (
        False,
        "v1.0.0",
        release_set.github.commit,
    )
    assert {each["name"]: each["digest"] for each in release["assets"].values()} == {
        each["name"]: f"sha256:{each['sha256']}" for each in planned["artifacts"] if each["name"] != "notes"
    }
    assert set(release_set.github.effects("ref", "draft", "asset", "publish").values()) == {1}


def test_all_of_it_verifies_without_a_network_in_an_empty_home(release_set: ReleaseSet, tmp_path: Path) -> None:
    shell = release_set.shell
    shell.done("run", "evidence", release_set.run_id, "--out", str(tmp_path / "bundle.json"))
    (tmp_path / "trust-root.json").write_bytes((shell.place / "home" / "trust-root.json").read_bytes())
    (tmp_path / "served.tgz").write_bytes(release_set.served())
    (tmp_path / "stored.tgz").write_bytes(release_set.store.objects(release_set.prefix)[KEY])
    assets = {each["name"]: each["content"] for each in release_set.released()["assets"].values()}
    (tmp_path / "released.tgz").write_bytes(assets["tool-1.0.0.tgz"])
    stranger = {"HOME": str(tmp_path), "PLACET_HOME": str(tmp_path / "none"), "PATH": shell.environment()["PATH"]}

    for name in ("served.tgz", "stored.tgz", "released.tgz"):
        verdict = without_network(
            ["verify", name, "--evidence", "bundle.json", "--trust-root", "trust-root.json", "--json"],
            stranger,
            tmp_path,
        )
        assert (verdict["verified"], verdict["package"], verdict["version"]) == (True, NAME, "1.0.0")
        assert (verdict["run_id"], verdict["requester"]) == (release_set.run_id, "person:alice")
        assert verdict["approvers"] == [
            {"approver": "person:bob", "assurance": 2},
            {"approver": "person:carol", "assurance": 2},
        ]
    assert not (tmp_path / "none").exists()


def test_a_second_run_of_the_same_changes_nothing_anywhere(release_set: ReleaseSet) -> None:
    shell, stood, size = release_set.shell, release_set.what_stands(), release_set.shell.size()

    planned = shell.done("plan", "create", "release.toml", "--json").json()
    resumed = shell.done("run", "resume", release_set.run_id, "--json").json()

    assert (planned["run_id"], planned["state"], planned["missing"]) == (release_set.run_id, "executed", [])
    assert resumed["operations"] == release_set.done["operations"]
    assert (release_set.what_stands(), shell.size()) == (stood, size)


def test_publishing_the_same_bytes_in_another_way_is_refused_and_changes_nothing(release_set: ReleaseSet) -> None:
    stood = release_set.what_stands()

    refused = release_set.shell.placet("publish", "my-package", "--to", "npm", "--json")

    assert (refused.code, refused.error()["code"]) == (3, "RUN_DIFFERS")
    assert release_set.what_stands() == stood


def test_the_ledger_has_all_of_it_and_verifies(release_set: ReleaseSet) -> None:
    audit = release_set.shell.done("ledger", "verify", "--json").json()
    records = release_set.shell.done("run", "audit", release_set.run_id, "--json").json()["records"]
    assert (audit["verified"], audit["full"]) == (True, True)
    assert [each["operation_kind"] for each in records if each["status"] == "success"] == [
        "issue_certificate",
        *PLANNED,
    ]
