"""The world of the demo: an installation of its own, a registry on loopback, a folder for objects, three people."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from placet import bootstrap, config
from placet.core.installation import Profile
from placet.demo.approver import DemoApprover
from placet.demo.npm_double import NpmDouble
from placet.domain.certificate.keys import KeyAlgorithm
from placet.facade import Placet

PACKAGE = "@acme/greeting"
REQUESTER = "person:alice"
_TOKEN_VARIABLE = "DEMO_REGISTRY_TOKEN"  # noqa: S105 - the name of a variable
_TOKEN = "npm_demo-only-the-executor-sees-this"  # noqa: S105 - good for the loopback double alone
_INDEX = "#!/usr/bin/env node\nconsole.log('Nothing was published without a yes.');\n"


class DemoWorld(Struct, frozen=True, kw_only=True):
    """Everything that the demo's acts need."""

    placet: Placet
    opened: bootstrap.Opened
    registry: NpmDouble
    approvers: tuple[DemoApprover, ...]
    folder: Path

    def write_package(self, version: str) -> Path:
        """Write the project of the demo's package as `version` and return its folder."""
        place = self.folder / f"greeting-{version}"
        place.mkdir()
        manifest = {
            "name": PACKAGE,
            "version": version,
            "description": "Says that somebody said yes",
            "license": "Apache-2.0",
            "bin": {"greeting": "index.js"},
            "files": ["index.js"],
        }
        (place / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
        (place / "index.js").write_text(_INDEX)
        return place

    def effects(self) -> int:
        """Return how many effects stand at the providers: versions at the registry, files in the folder."""
        objects = sum(1 for each in (self.folder / "objects").rglob("*") if each.is_file())
        return sum(self.registry.packages.effects.values()) + objects


@contextlib.asynccontextmanager
async def demo_world(home: Path, scratch: Path) -> AsyncIterator[DemoWorld]:
    """Found an installation in `home`, enrol its people, and open it.

    Everything else lies in `scratch`, or in the folder `demo` of a home that is to be looked at.
    """
    settings = _settings(home, scratch)
    folder = scratch if home.is_relative_to(scratch) else home / "demo"
    founded = await bootstrap.found(
        settings, profile=Profile.TEAM, name="demo", algorithm=KeyAlgorithm.P256, sealed=False
    )
    (folder / "objects").mkdir(parents=True)
    approvers = tuple(DemoApprover(f"person:{name}") for name in ("bob", "carol", "dan"))
    with NpmDouble(_TOKEN) as registry:
        await _enrol(replace(settings, bootstrap_key=founded.bootstrap_key), approvers)
        async with bootstrap.opened(settings) as opened:
            placet = Placet(opened)
            await _add_providers(placet, registry.url, folder / "objects")
            yield DemoWorld(placet=placet, opened=opened, registry=registry, approvers=approvers, folder=folder)


def _settings(home: Path, scratch: Path) -> config.Config:
    own = config.load()
    settings = config.load({**own.environment, _TOKEN_VARIABLE: _TOKEN}, home=home)
    if home.is_relative_to(scratch):  # nobody will look at it later: leave no anchor behind either
        settings = replace(settings, anchors=scratch / "anchors")
    return replace(settings, passphrase=None, principal=REQUESTER, bootstrap_key=None)


async def _enrol(settings: config.Config, approvers: tuple[DemoApprover, ...]) -> None:
    """Use the bootstrap key for what it is for: the first people, the first policy. Then it is dead."""
    policy = resources.files("placet.demo").joinpath("policy.toml").read_bytes()
    async with Placet.open(settings) as placet:
        await placet.governance.add_principal(REQUESTER, public_keys=())
        for approver in approvers:
            await placet.governance.add_principal(approver.principal_id, public_keys=(approver.line,))
        await placet.governance.activate_policy(policy)


async def _add_providers(placet: Placet, registry: str, objects: Path) -> None:
    await placet.governance.add_provider(
        "npm", kind="npm", url=registry, credential=f"env:{_TOKEN_VARIABLE}", requester=REQUESTER
    )
    await placet.governance.add_provider("objects", kind="folder", url=f"file:{objects}", requester=REQUESTER)
