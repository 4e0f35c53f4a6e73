"""`kill -9` at every named point of a publication: nothing twice, nothing lost, nothing stuck."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from placet.demo.npm_double import NpmDouble
from support.publisher import PACKAGE, POINTS, Publisher

ROUNDS = 14
AUDITED_EVERY = 11
"""The whole ledger is verified after so many commands: after each would take longer than all kills."""
TOKEN = "npm_only-the-executor-has-this"


@pytest.fixture
def registry() -> Iterator[NpmDouble]:
    with NpmDouble(TOKEN) as running:
        yield running


@pytest.fixture
def publisher(registry: NpmDouble, tmp_path: Path) -> Publisher:
    return Publisher.found(tmp_path, registry.url, TOKEN)


def effects_at(registry: NpmDouble) -> Callable[[str], int]:
    return lambda version: registry.effects(PACKAGE, version)


@pytest.mark.parametrize(("point", "occurrence"), POINTS)
def test_a_publication_killed_at_a_named_point_is_finished_by_publishing_again(
    publisher: Publisher, registry: NpmDouble, point: str, occurrence: int
) -> None:
    assert publisher.kill("1.0.0", point, occurrence) == -9
    assert publisher.finding() is None
    publisher.again("1.0.0")
    publisher.check(effects_at(registry))


@pytest.mark.slow
def test_three_hundred_publications_killed_anywhere_happen_once_each(publisher: Publisher, registry: NpmDouble) -> None:
    kills = 0
    for round_ in range(ROUNDS):
        for number, (point, occurrence) in enumerate(POINTS):
            assert publisher.kill(f"{round_ + 1}.{number}.0", point, occurrence) == -9
            kills += 1
    for number, version in enumerate(publisher.versions):
        publisher.again(version)
        if number % AUDITED_EVERY == 0:
            assert publisher.finding() is None
    publisher.check(effects_at(registry))
    assert kills == ROUNDS * len(POINTS) >= 288
