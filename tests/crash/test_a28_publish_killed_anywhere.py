"""`kill -9` at every named point of a publication: nothing twice, nothing lost, nothing stuck."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from placet import bootstrap, config
from placet.demo.npm_double import NpmDouble
from placet.domain.log.rows import Finding
from placet.facade import Placet
from placet.usecases.reconcile import reconcile
from placet.usecases.verify_ledger import verify_ledger
from support.archives import manifest, package_json, tgz
from support.killing import DEADLINE_SECONDS, Reaper, in_child, publish

POINTS = (
    ("run.requested", 1),
    ("certificate.planned", 1),
    ("issue_certificate.performed", 1),
    ("certificate.issued", 1),
    ("archive.stamped", 1),
    ("statement.signed", 1),
    ("publication.planned", 1),
    ("put_object.issued", 1),
    ("put_object.reserved", 1),
    ("put_object.sent", 1),
    ("put_object.settled", 1),
    ("put_object.issued", 2),
    ("put_object.reserved", 2),
    ("put_object.sent", 2),
    ("put_object.settled", 2),
    ("publish_package.issued", 1),
    ("publish_package.reserved", 1),
    ("publish_package.sent", 1),
    ("publish_package.settled", 1),
    ("register_package.performed", 1),
    ("plan.executed", 1),
    ("run.executed", 1),
)
ACKNOWLEDGED = {
    "run.requested": "run.requested",
    "certificate.planned": "plan.created",
    "issue_certificate.performed": "package.certificate.issued",
    "publication.planned": "plan.created",
    "put_object.issued": "receipt.issued",
    "put_object.reserved": "receipt.reserved",
    "put_object.settled": "receipt.executed",
    "publish_package.issued": "receipt.issued",
    "publish_package.reserved": "receipt.reserved",
    "publish_package.settled": "package.published",
    "register_package.performed": "package.registered",
    "run.executed": "run.executed",
}
ROUNDS = 14


@dataclass
class World:
    """An installation, the registry double it publishes to, and the folder for objects."""

    environment: dict[str, str]
    registry: NpmDouble
    objects: Path
    folder: Path
    versions: list[str] = field(default_factory=list)

    def tgz(self, version: str) -> bytes:
        return tgz(package_json(manifest("@acme/tool", version)))

    def kill(self, version: str, point: str, occurrence: int) -> int:
        self.versions.append(version)
        trace = self.folder / f"{version}.trace"

        async def work() -> None:
            await publish(self.environment, self.tgz(version), Reaper(point, occurrence, trace))

        return in_child(work, self.folder / f"{version}.killed")

    def again(self, version: str) -> None:
        """Publish once more, as a person would, until it is done."""
        log = self.folder / f"{version}.log"
        until = time.monotonic() + 10 * DEADLINE_SECONDS
        while in_child(lambda: publish(self.environment, self.tgz(version)), log) != 0:
            assert "IN_PROGRESS" in log.read_text(), log.read_text()
            assert time.monotonic() < until, log.read_text()

    def passed(self, version: str) -> list[str]:
        return (self.folder / f"{version}.trace").read_text().splitlines()

    def entry_types(self) -> Counter[str]:
        """Count entries by type and subject, as they stand on disk."""
        path = Path(self.environment["PLACET_HOME"]) / "ledger.sqlite"
        with sqlite3.connect(path) as ledger:
            bodies = [json.loads(content)["body"] for (content,) in ledger.execute("SELECT content FROM entry")]
        return Counter(f"{body['type']} {body['subject'].partition(':')[2] or body['subject']}" for body in bodies)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    objects = tmp_path / "objects"
    objects.mkdir()
    with NpmDouble("npm_only-the-executor-has-this") as registry:
        environment = {
            "HOME": str(tmp_path),
            "PLACET_HOME": str(tmp_path / "home"),
            "PLACET_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
            "PLACET_SETTLE_SECONDS": "0",
            "REGISTRY_TOKEN": "npm_only-the-executor-has-this",
        }
        asyncio.run(_found(environment, registry.url, objects))
        yield World(environment=environment, registry=registry, objects=objects, folder=tmp_path)


async def _found(environment: dict[str, str], registry: str, objects: Path) -> None:
    settings = config.load(environment)
    await Placet.init(settings, profile="trial", name="acme")
    policy = (Path(__file__).parent / "unlimited.toml").read_bytes()
    async with Placet.open(settings) as placet:
        await placet.governance.add_provider("npm", kind="npm", url=registry, credential="env:REGISTRY_TOKEN")
        await placet.governance.add_provider("r2", kind="folder", url=f"file:{objects}")
        await placet.governance.activate_policy(policy)


async def _audit(environment: dict[str, str]) -> tuple[Finding | None, list[object]]:
    async with bootstrap.opened(config.load(environment)) as opened:
        report = await verify_ledger(opened.ledger)
        return report.finding, list(await reconcile(opened.context))


def check(world: World) -> None:
    """Every effect at most once and done in the end, every acknowledged entry there, nothing stuck."""
    for version in world.versions:
        assert world.registry.effects("@acme/tool", version) == 1
        assert (world.objects / "packages" / "@acme" / "tool" / f"{version}.tgz").exists()
        assert (world.objects / "packages" / "@acme" / "tool" / f"{version}.tgz.cert.pem").exists()
    found = world.entry_types()
    for version in world.versions:
        expected = Counter(ACKNOWLEDGED[point] for point in world.passed(version) if point in ACKNOWLEDGED)
        for entry_type, least in expected.items():
            assert found[f"{entry_type} @acme/tool@{version}"] >= least, (version, entry_type)
        assert found[f"package.published @acme/tool@{version}"] == 1
        assert found[f"package.registered @acme/tool@{version}"] == 1
    finding, unsettled = asyncio.run(_audit(world.environment))
    assert finding is None
    assert unsettled == []


@pytest.mark.parametrize(("point", "occurrence"), POINTS)
def test_a_publication_killed_at_a_named_point_is_finished_by_publishing_again(
    world: World, point: str, occurrence: int
) -> None:
    assert world.kill("1.0.0", point, occurrence) == -9
    world.again("1.0.0")
    check(world)


@pytest.mark.slow
def test_three_hundred_publications_killed_anywhere_happen_once_each(world: World) -> None:
    kills = 0
    for round_ in range(ROUNDS):
        for number, (point, occurrence) in enumerate(POINTS):
            assert world.kill(f"{round_ + 1}.{number}.0", point, occurrence) == -9
            kills += 1
    for version in world.versions:
        world.again(version)
    check(world)
    assert kills == ROUNDS * len(POINTS) >= 288
