"""Services for tests that ask as clients do: each serves an installation that the facade made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from placet.demo.npm_double import NpmDouble
from support.homes import BREAKING, KEYS, TEAM_POLICY, found_team, found_trial, prepare_team
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
    asyncio.run(found_trial(shell, registry.url))
    with serving(shell) as service:
        yield service


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, registry: NpmDouble) -> Iterator[Service]:
    """Return a service over a team's installation, where two maintainers may break the glass."""
    shell = Shell(tmp_path_factory.mktemp("team"), {"NPM_TOKEN": TOKEN})
    prepare_team(shell, TEAM_POLICY + KEYS + BREAKING)
    asyncio.run(found_team(shell, registry.url, TEAM_POLICY + KEYS + BREAKING))
    with serving(shell) as service:
        yield service


@pytest.fixture(scope="module")
def everything(service: Service) -> str:
    """Return a key for everything."""
    return service.key("*=*")
