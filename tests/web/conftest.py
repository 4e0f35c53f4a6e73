"""Services for tests that ask as clients do: each serves an installation that the facade made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from placet import config
from placet.demo.npm_double import NpmDouble
from placet.facade import Placet
from support.service import Service, serving
from support.shell import Shell

TOKEN = "npm_t0ken_canary"


@pytest.fixture(scope="module")
def registry() -> Iterator[NpmDouble]:
    with NpmDouble(TOKEN) as double:
        yield double


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, registry: NpmDouble) -> Iterator[Service]:
    """Return a service over a trial installation with a registry and a folder."""
    shell = Shell(tmp_path_factory.mktemp("trial"), {"NPM_TOKEN": TOKEN})
    (shell.place / "objects").mkdir()
    asyncio.run(_found_trial(shell, registry.url))
    with serving(shell) as service:
        yield service


async def _found_trial(shell: Shell, url: str) -> None:
    settings = config.load(shell.environment())
    await Placet.init(settings, profile="trial")
    async with Placet.open(settings) as placet:
        await placet.governance.add_provider("npm", kind="npm", url=url, credential="env:NPM_TOKEN")
        await placet.governance.add_provider("files", kind="folder", url=f"file:{shell.place}/objects")


@pytest.fixture(scope="module")
def everything(service: Service) -> str:
    """Return a key for everything."""
    return service.key("*=*")
