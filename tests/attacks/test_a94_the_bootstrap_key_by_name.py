"""A94: the bootstrap key speaks where it is shown; nobody may ask in its name, nor in one that nobody can hold."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from placet import config
from placet.errors import PlacetError
from placet.facade import Placet
from support.governance import key_of

NAMES = ["bootstrap:init", "bootstrap:", "person:*", "ci:**", "alice", "root", "person:", "person:a\nb", "Person:alice"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], str]:
    """Return the environment of a team's new installation, and the key that `init` printed."""
    folder = tmp_path_factory.mktemp("team")
    environment = {"HOME": str(folder), "PLACET_HOME": str(folder / "home"), "PLACET_PASSPHRASE": "correct horse"}
    _, key = asyncio.run(Placet.init(config.load(environment), profile="team", name="acme"))
    assert key is not None
    return environment, key.reveal()


def enrolling(environment: dict[str, str], requester: str = "") -> str:
    """Try to enrol a first approver; return the code of the refusal, or what was answered."""

    async def work() -> str:
        async with Placet.open(config.load(environment)) as placet:
            asked = await placet.governance.add_principal(
                "person:mallory", public_keys=(key_of("mallory").line,), requester=requester
            )
            return str(asked["principal_id"])

    try:
        return asyncio.run(work())
    except PlacetError as error:
        return error.code


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_nobody_asks_in_a_name_that_cannot_be_enrolled(home: tuple[dict[str, str], str], name: str) -> None:
    environment, _ = home

    assert enrolling(environment, name) == "PRINCIPAL_INVALID"
    assert enrolling({**environment, "PLACET_PRINCIPAL": name}) == "PRINCIPAL_INVALID"


@pytest.mark.parametrize("key", ["placet_boot_", "placet_boot_" + "0" * 48, "bootstrap:init"])
def test_another_key_than_the_one_that_init_printed_is_refused(home: tuple[dict[str, str], str], key: str) -> None:
    environment, _ = home

    assert enrolling({**environment, "PLACET_BOOTSTRAP_KEY": key}) == "BOOTSTRAP_INVALID"


def test_the_bootstrap_key_itself_enrols(home: tuple[dict[str, str], str], tmp_path: Path) -> None:
    del tmp_path
    environment, key = home

    assert enrolling({**environment, "PLACET_BOOTSTRAP_KEY": key}) == "person:mallory"
