"""`kill -9` at twelve named points of publications to a registry that is not ours: each happens once."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.publisher import PACKAGE, Publisher
from support.verdaccio import Verdaccio, running_verdaccio

pytestmark = [pytest.mark.node, pytest.mark.slow]

POINTS = (
    ("run.requested", 1),
    ("certificate.issued", 1),
    ("statement.signed", 1),
    ("publication.planned", 1),
    ("put_object.reserved", 1),
    ("put_object.settled", 2),
    ("publish_package.issued", 1),
    ("publish_package.reserved", 1),
    ("publish_package.sent", 1),
    ("publish_package.settled", 1),
    ("register_package.performed", 1),
    ("plan.executed", 1),
)


@pytest.fixture
def verdaccio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdaccio]:
    with running_verdaccio(tmp_path_factory.mktemp("verdaccio")) as running:
        yield running


def packument(verdaccio: Verdaccio) -> dict[str, Any]:
    with urllib.request.urlopen(f"{verdaccio.url}/{PACKAGE}", timeout=30) as answer:  # noqa: S310 - our own loopback address
        shown: dict[str, Any] = json.load(answer)
    return shown


def planned_integrity(publisher: Publisher) -> dict[str, str]:
    """Return by version what the ledger says was published."""
    published = [body["data"] for body in publisher.bodies() if body["type"] == "package.published"]
    return {
        each["artifacts"][0]["name"].removesuffix(".tgz"): "sha512-"
        + base64.b64encode(bytes.fromhex(each["artifacts"][0]["sha512"])).decode()
        for each in published
    }


def test_twelve_publications_to_verdaccio_killed_at_twelve_points_happen_once_each(
    verdaccio: Verdaccio, tmp_path: Path
) -> None:
    publisher = Publisher.found(tmp_path, verdaccio.url, verdaccio.token)
    for number, (point, occurrence) in enumerate(POINTS):
        assert publisher.kill(f"1.{number}.0", point, occurrence) == -9
    for version in publisher.versions:
        publisher.again(version)
        assert publisher.finding() is None

    shown = packument(verdaccio)
    stands = {version: each["dist"]["integrity"] for version, each in shown["versions"].items()}
    assert len(POINTS) == len(set(POINTS)) == 12
    assert stands == planned_integrity(publisher)
    assert set(stands) == set(publisher.versions)
    publisher.check(lambda version: int(version in stands))
