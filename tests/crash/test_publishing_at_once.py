"""Processes that publish the same archive at once: one publication, and whatever kills them, it can be finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from placet import config
from placet.demo.npm_double import NpmDouble
from placet.errors import PlacetError
from placet.facade import Placet, PublishRequest
from support.killing import Reaper
from support.publisher import PACKAGE, Publisher
from support.races import Gate, race, run_together

TOKEN = "npm_only-the-executor-has-this"
PATIENT_SECONDS = 60
"""So many processes on few cores: whoever has reserved may wait a while for its turn."""
VERSION = "1.0.0"


@pytest.fixture
def registry() -> Iterator[NpmDouble]:
    with NpmDouble(TOKEN) as running:
        yield running


@pytest.fixture
def publisher(registry: NpmDouble, tmp_path: Path) -> Publisher:
    return Publisher.found(tmp_path, registry.url, TOKEN, deadline_seconds=PATIENT_SECONDS)


def at_gate(gate: Gate, then: Callable[[str], None]) -> Callable[[str], None]:
    """Let every process open its run before any goes on: none has seen another's."""

    def at(passed: str) -> None:
        if passed == "run.requested":
            gate.pass_through()
        then(passed)

    return at


async def publish(publisher: Publisher, at: Callable[[str], None]) -> str:
    async with Placet.open(config.load(publisher.environment), at=at) as placet:
        try:
            done = await placet.publishing.publish(PublishRequest(tgz=publisher.tgz(VERSION)))
        except PlacetError as error:
            return error.code
    return str(done["run_id"])


def states(publisher: Publisher) -> Counter[str]:
    ended = [body["type"] for body in publisher.bodies() if body["subject"] == f"{PACKAGE}@{VERSION}"]
    return Counter(each for each in ended if each in ("run.requested", "run.executed", "run.abandoned"))


def test_of_processes_that_publish_the_same_archive_at_once_one_publishes(
    publisher: Publisher, registry: NpmDouble
) -> None:
    processes = 8

    told = race(publisher.folder, processes, lambda _, gate: publish(publisher, at_gate(gate, nowhere)))

    published = {each for each in told if each.startswith("run_")}
    assert len(published) == 1
    assert set(told) - published <= {"IN_PROGRESS"}
    assert registry.effects(PACKAGE, VERSION) == 1
    publisher.again(VERSION)
    assert states(publisher) == {"run.requested": processes, "run.executed": 1, "run.abandoned": processes - 1}
    assert publisher.audit() == (None, [])


def test_a_publication_that_had_begun_is_finished_although_others_were_planned_beside_it(
    publisher: Publisher, registry: NpmDouble
) -> None:
    processes = 6

    async def killed(number: int, gate: Gate) -> str:
        point = "publication.planned" if number else "put_object.settled"
        return await publish(publisher, at_gate(gate, Reaper(point, 1, publisher.folder / f"{number}.trace")))

    ended = run_together(publisher.folder, processes, killed)
    begun = next(body for body in publisher.bodies() if body["type"] == "receipt.executed")
    publisher.again(VERSION)

    assert [code for code, _ in ended] == [-9] * processes
    published = next(body for body in publisher.bodies() if body["type"] == "package.published")
    assert run_of(published) == run_of(begun)
    assert registry.effects(PACKAGE, VERSION) == 1
    assert states(publisher) == {"run.requested": processes, "run.executed": 1, "run.abandoned": processes - 1}
    assert publisher.audit() == (None, [])


def test_processes_that_go_on_with_one_run_at_once_finish_it_once(publisher: Publisher, registry: NpmDouble) -> None:
    assert publisher.kill(VERSION, "publication.planned", 1) == -9

    async def go_on(_: int, gate: Gate) -> str:
        gate.pass_through()
        return await publish(publisher, nowhere)

    told = race(publisher.folder, 8, go_on)

    assert sum(each.startswith("run_") for each in told) >= 1
    assert {each for each in told if not each.startswith("run_")} <= {"IN_PROGRESS"}
    publisher.again(VERSION)
    publisher.check(lambda version: registry.effects(PACKAGE, version))


def nowhere(passed: str) -> None:
    """Go on at every named point."""


def run_of(body: dict[str, dict[str, str]]) -> str:
    return body["data"]["operation_id"].partition("/")[0]
