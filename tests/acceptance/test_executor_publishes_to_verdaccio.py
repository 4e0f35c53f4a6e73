"""The npm executor against a registry that is not ours, seen through the real npm."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet.adapters.egress.exchange import Egress
from placet.adapters.npm.facts import NpmFacts
from placet.domain.authorization.operation import Operation
from placet.domain.values.kinds import OutcomeStatus
from placet.ports.effects import Outcome, Presence, Provider
from support.effects import GivenCredentials, World, authorize, make_archive, publish_operation
from support.npm_client import NpmClient
from support.verdaccio import Verdaccio, running_verdaccio

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def verdaccio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdaccio]:
    with running_verdaccio(tmp_path_factory.mktemp("verdaccio")) as running:
        yield running


def world(verdaccio: Verdaccio) -> World:
    return World(npm_url=verdaccio.url, credentials=GivenCredentials({"npm": verdaccio.token}))


def publish(verdaccio: Verdaccio, operation: Operation, archive: bytes) -> Outcome:
    return asyncio.run(world(verdaccio).port().perform(authorize(operation, {"archive.tgz": archive})))


def test_npm_sees_installs_and_runs_what_the_executor_published(verdaccio: Verdaccio, tmp_path: Path) -> None:
    files = {"bin/cli.js": "#!/usr/bin/env node\nconsole.log('it runs')\n"}
    archive = make_archive("@acme/runs", "1.0.0", files=files, bin="bin/cli.js")
    outcome = publish(verdaccio, publish_operation(archive, name="@acme/runs"), archive)
    npm = NpmClient(home=tmp_path / "home", registry=verdaccio.url)
    shown = json.loads(npm.run("view", "@acme/runs", "--json"))
    project = tmp_path / "project"
    project.mkdir()
    npm.run("install", "@acme/runs@1.0.0", "--prefix", str(project))
    path = os.environ["PATH"]  # noqa: TID251 - node is found on it
    ran = subprocess.run(
        [project / "node_modules/.bin/runs"], env={"PATH": path}, capture_output=True, text=True, check=True
    )

    assert outcome.status is OutcomeStatus.EXECUTED
    assert shown["dist"]["integrity"] == outcome.response["integrity"]
    assert shown["dist-tags"] == {"latest": "1.0.0"}
    assert ran.stdout == "it runs\n"


def test_a_second_send_changes_nothing_and_other_content_is_a_conflict(verdaccio: Verdaccio) -> None:
    archive, other = make_archive("twice", "1.0.0"), make_archive("twice", "1.0.0", description="other")
    first = publish(verdaccio, publish_operation(archive, name="twice"), archive)
    again = publish(verdaccio, publish_operation(archive, name="twice"), archive)
    conflict = publish(verdaccio, publish_operation(other, name="twice"), other)

    assert [first.status, again.status] == [OutcomeStatus.EXECUTED] * 2
    assert (first.response["found_by"], again.response["found_by"]) == ("answer", "look_up")
    assert conflict.status is OutcomeStatus.CONFLICT
    assert conflict.response["integrity"] == first.response["integrity"]


def test_only_the_tag_of_the_publication_moves(verdaccio: Verdaccio) -> None:
    stable = make_archive("tagged", "1.0.0")
    preview = make_archive("tagged", "2.0.0-rc.1")
    publish(verdaccio, publish_operation(stable, name="tagged"), stable)
    outcome = publish(
        verdaccio, publish_operation(preview, name="tagged", version="2.0.0-rc.1", dist_tag="next"), preview
    )
    facts = NpmFacts(Egress(), GivenCredentials({"npm": verdaccio.token}))
    provider = Provider(provider_id="npm", kind="npm", url=verdaccio.url, credential="env:T")
    subject = publish_operation(stable, name="tagged").subject
    tags = [asyncio.run(facts.read(provider, subject, f"dist_tag:{tag}")) for tag in ("latest", "next", "beta")]

    assert outcome.status is OutcomeStatus.EXECUTED
    assert tags == ["1.0.0", "2.0.0-rc.1", "absent"]


def test_absence_is_found_with_a_good_token_and_not_with_a_bad_one(verdaccio: Verdaccio) -> None:
    operation = publish_operation(make_archive("never", "1.0.0"), name="never")
    good = asyncio.run(world(verdaccio).port().look_up(operation))
    bad_world = World(npm_url=verdaccio.url, credentials=GivenCredentials({"npm": "not-a-token"}))
    bad = asyncio.run(bad_world.port().look_up(operation))

    assert (good.presence, bad.presence) == (Presence.ABSENT, Presence.UNKNOWN)


def test_a_bad_token_is_refused_and_nothing_is_published(verdaccio: Verdaccio) -> None:
    archive = make_archive("refused", "1.0.0")
    operation = publish_operation(archive, name="refused")
    bad_world = World(npm_url=verdaccio.url, credentials=GivenCredentials({"npm": "not-a-token"}))
    outcome = asyncio.run(bad_world.port().perform(authorize(operation, {"archive.tgz": archive})))
    after = asyncio.run(world(verdaccio).port().look_up(operation))

    assert (outcome.status, outcome.error_code) == (OutcomeStatus.FAILED, "PROVIDER_REFUSED")
    assert after.presence is Presence.ABSENT
