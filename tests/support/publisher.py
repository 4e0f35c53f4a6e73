"""A trial installation whose publications run in processes of their own, which may be killed at named points."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from placet import bootstrap, config
from placet.domain.log.rows import Finding
from placet.facade import Placet
from placet.usecases.reconcile import reconcile
from placet.usecases.verify_ledger import verify_ledger
from support.archives import manifest, package_json, tgz
from support.canaries import HOMES
from support.killing import DEADLINE_SECONDS, Reaper, in_child, publish

PACKAGE = "@acme/tool"
_PLANS = 2
"""A publication is planned to the end once its certificate and its effects are: each has a plan of its own."""
POLICY = Path(__file__).parents[1] / "crash" / "unlimited.toml"
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
"""Every named point of a publication with two objects, and which passage of it."""
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
"""The entry that must be in the ledger once a point was passed."""


class Publisher(Struct, frozen=True):
    """The installation: its settings, and the folder for objects. `versions` are those it was killed at."""

    environment: dict[str, str]
    objects: Path
    folder: Path
    versions: list[str] = field(default_factory=list)

    @classmethod
    def found(cls, folder: Path, registry: str, token: str, *, deadline_seconds: int = DEADLINE_SECONDS) -> Publisher:
        """Found an installation in `folder` that publishes to `registry` and to a folder, without limits.

        Its effects have little time, so that what a killed process reserved is soon cleared up.
        """
        objects = folder / "objects"
        objects.mkdir()
        environment = {
            "HOME": str(folder),
            "PLACET_HOME": str(folder / "home"),
            "PLACET_DEADLINE_SECONDS": str(deadline_seconds),
            "PLACET_SETTLE_SECONDS": "0",
            "REGISTRY_TOKEN": token,
        }
        HOMES.note(environment)
        asyncio.run(_found(environment, registry, objects))
        return cls(environment=environment, objects=objects, folder=folder)

    def tgz(self, version: str) -> bytes:
        return tgz(package_json(manifest(PACKAGE, version)))

    def kill(self, version: str, point: str, occurrence: int) -> int:
        """Publish a version in a process that is killed there; return how it ended."""
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
            # Another process has it, or this one had too little time on a busy machine: nothing was sent.
            assert re.search("IN_PROGRESS|FENCE_LOST", log.read_text()), log.read_text()
            assert time.monotonic() < until, log.read_text()

    def note(self, version: str, passed: str) -> None:
        """Keep that a point was passed, as the reaper does."""
        with (self.folder / f"{version}.trace").open("a") as trace:
            trace.write(f"{passed}\n")

    def passed(self, version: str) -> list[str]:
        """Return the points that the first process passed."""
        trace = self.folder / f"{version}.trace"
        return trace.read_text().splitlines() if trace.exists() else []

    def bodies(self) -> list[dict[str, Any]]:
        """Return the bodies of all entries, oldest first."""
        return asyncio.run(_bodies(self.environment))

    def finding(self) -> Finding | None:
        """Verify the whole ledger, as `placet ledger verify` does, and change nothing."""
        return asyncio.run(_finding(self.environment))

    def audit(self) -> tuple[Finding | None, list[object]]:
        """Verify the whole ledger and clear up what is in doubt; return the finding and what was found in doubt."""
        return asyncio.run(_audit(self.environment))

    def check(self, effects: Callable[[str], int]) -> None:
        """Every effect at most once and done in the end, every acknowledged entry there, nothing stuck.

        Of all runs about a version one published, the first that was planned to the end, and has the
        only certificate that still counts; the others have ended.
        """
        for version in self.versions:
            stem = self.objects / "packages" / PACKAGE / f"{version}.tgz"
            assert effects(version) == 1
            assert stem.exists()
            assert stem.with_name(f"{stem.name}.cert.pem").exists()
        bodies = self.bodies()
        found = Counter(f"{body['type']} {_name(body)}" for body in bodies)
        for version in self.versions:
            check_one_run(version, [body for body in bodies if _name(body) == f"{PACKAGE}@{version}"])
            expected = Counter(ACKNOWLEDGED[point] for point in self.passed(version) if point in ACKNOWLEDGED)
            for entry_type, least in expected.items():
                assert found[f"{entry_type} {PACKAGE}@{version}"] >= least, (version, entry_type)
            assert found[f"package.published {PACKAGE}@{version}"] == 1
            assert found[f"package.registered {PACKAGE}@{version}"] == 1
        assert self.audit() == (None, [])


def check_one_run(version: str, bodies: Sequence[dict[str, Any]]) -> None:
    """Check what the entries about one version say of its runs and certificates."""
    requested = _run_ids(bodies, "run.requested")
    planned = [run_id for run_id, plans in Counter(_run_ids(bodies, "plan.created")).items() if plans == _PLANS]
    executed = _run_ids(bodies, "run.executed")
    assert executed == planned[:1], (version, executed, planned)
    assert {*requested} - {*executed} == {*_run_ids(bodies, "run.abandoned")}, version
    issued = {
        body["data"]["certificate_id"]: body["data"]["receipt"]["run_id"]
        for body in bodies
        if body["type"] == "package.certificate.issued"
    }
    revoked = {body["data"]["revocation"]["certificate_id"] for body in bodies if body["type"] == "certificate.revoked"}
    assert [run_id for certificate_id, run_id in issued.items() if certificate_id not in revoked] == executed, version


def _run_ids(bodies: Sequence[dict[str, Any]], entry_type: str) -> list[str]:
    return [body["data"]["run_id"] for body in bodies if body["type"] == entry_type]


def _name(body: dict[str, Any]) -> str:
    """Return package and version of an entry's subject, without the provider."""
    subject: str = body["subject"]
    return subject.partition(":")[2] or subject


async def _found(environment: dict[str, str], registry: str, objects: Path) -> None:
    settings = config.load(environment)
    await Placet.init(settings, profile="trial", name="acme")
    async with Placet.open(settings) as placet:
        await placet.governance.add_provider("npm", kind="npm", url=registry, credential="env:REGISTRY_TOKEN")
        await placet.governance.add_provider("r2", kind="folder", url=f"file:{objects}")
        await placet.governance.activate_policy(POLICY.read_bytes())


async def _bodies(environment: dict[str, str]) -> list[dict[str, Any]]:
    async with bootstrap.opened(config.load(environment)) as opened:
        size = (await opened.ledger.status()).size
        return [json.loads(content)["body"] async for content in opened.ledger.entries(0, size)][1:]


async def _finding(environment: dict[str, str]) -> Finding | None:
    async with bootstrap.opened(config.load(environment)) as opened:
        return (await verify_ledger(opened.ledger)).finding


async def _audit(environment: dict[str, str]) -> tuple[Finding | None, list[object]]:
    async with bootstrap.opened(config.load(environment)) as opened:
        report = await verify_ledger(opened.ledger)
        return report.finding, list(await reconcile(opened.context))
