"""What a service remembers of its ledger is taken for good no longer than it is there, whoever changed it.

Each attack warms one process, changes the same home from another, and asks the first again.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from placet import config
from placet.core.policies import bundled_policy
from placet.demo.npm_double import NpmDouble
from placet.errors import DeniedError, PlacetError
from placet.facade import Placet, PublishRequest
from support.homes import found_trial
from support.remote import archive
from support.shell import Shell

PACKAGE = "@acme/tool"
TOKEN = "npm_t0ken_canary"
NOTHING_AT_ALL = bundled_policy("trial").replace(b'"trial-1"', b'"emptied"').replace(b'"issue_certificate", ', b"")


async def issued(placet: Placet, key: str, version: str) -> str:
    """Ask as a request to the service does: return how it was answered, by a code or an empty text."""
    caller = await placet.keys.authenticate(key)
    if caller is None:
        return "UNAUTHENTICATED"
    asking = placet.acting_as(caller)
    _, request = asking.certificates.make_key("p256")
    try:
        await asking.certificates.issue(PACKAGE, version, request=request, made_here=False)
    except PlacetError as error:
        return error.code
    return ""


async def revoked(placet: Placet, key_id: str) -> None:
    await placet.keys.revoke(key_id)


async def emptied(placet: Placet, _: str) -> None:
    await placet.governance.activate_policy(NOTHING_AT_ALL)


async def disabled(placet: Placet, _: str) -> None:
    await placet.governance.change_role("person:local", disabled=True)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (revoked, "UNAUTHENTICATED"),
        (disabled, "UNAUTHENTICATED"),
        (emptied, "NO_RULE"),
    ],
)
def test_what_another_process_takes_away_is_gone_at_the_next_request(
    tmp_path: Path, changed: Callable[[Placet, str], Awaitable[None]], code: str
) -> None:
    settings = config.load(Shell(tmp_path).environment())

    async def attack() -> list[str]:
        await Placet.init(settings, profile="trial")
        async with Placet.open(settings) as service, Placet.open(settings) as other:
            made = await other.keys.create("stolen", "person:local", ("*=*",))
            key, key_id = str(made["key"]), str(made["key_id"])
            answers = [await issued(service, key, f"1.0.{number}") for number in range(2)]
            await changed(other, key_id)
            return [*answers, await issued(service, key, "1.0.2")]

    assert asyncio.run(attack()) == ["", "", code]


def test_what_another_process_freezes_is_not_published_by_one_that_saw_it_thawed(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"NPM_TOKEN": TOKEN})
    (shell.place / "objects").mkdir()

    async def attack(registry: NpmDouble) -> None:
        await found_trial(shell, registry.url)
        settings = config.load(shell.environment())
        async with Placet.open(settings) as service, Placet.open(settings) as other:
            await service.publishing.publish(PublishRequest(tgz=archive("1.0.0")))
            await other.freezes.set(("npm:@acme/*",), reason="a stolen laptop")
            await service.publishing.publish(PublishRequest(tgz=archive("1.0.1")))

    with NpmDouble(TOKEN) as registry:
        with pytest.raises(DeniedError) as refused:
            asyncio.run(attack(registry))
        published = [registry.effects(PACKAGE, version) for version in ("1.0.0", "1.0.1")]

    assert refused.value.code == "FROZEN"
    assert published == [1, 0]


def test_a_ledger_that_was_put_back_under_a_service_does_nothing_more_there(tmp_path: Path) -> None:
    """Whoever may write the home puts the tables back to when the stolen key was good, in the file that is open."""
    settings = config.load(Shell(tmp_path).environment())
    kept = tmp_path / "kept.db"

    async def attack() -> list[str]:
        await Placet.init(settings, profile="trial")
        path = settings.home / "ledger.sqlite"
        async with Placet.open(settings) as service, Placet.open(settings) as other:
            made: Any = await other.keys.create("stolen", "person:local", ("*=*",))
            before = await issued(service, made["key"], "1.0.0")
            copied(path, kept)
            await other.keys.revoke(made["key_id"])
            after = await issued(service, made["key"], "1.0.1")
            copied(kept, path)
            return [before, after, await issued(service, made["key"], "1.0.2")]

    assert asyncio.run(attack()) == ["", "UNAUTHENTICATED", "SEALED"]


def copied(source: Path, target: Path) -> None:
    """Copy every page of a database, in one transaction of the target's."""
    with sqlite3.connect(source) as reading, sqlite3.connect(target) as writing:
        reading.backup(writing)
    reading.close()
    writing.close()
