"""The whole road of a publication: a real installation, the npm double and a folder behind it, all of it watched.

What an attack test says here is said of the product: nothing was opened, sent, kept or certified.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from placet import bootstrap, config
from placet.demo.npm_double import NpmDouble
from placet.errors import PlacetError
from placet.facade import Placet, PublishRequest
from placet.usecases.verify_ledger import verify_ledger

TOKEN = "npm_only-the-executor-has-this"
POLICY = """\
version = "road-1"
[[rule]]
operations = ["publish_package", "put_object", "issue_certificate", "register_package", "revoke_certificate"]
subjects   = ["npm:**", "files:**", "core:@acme/*", "core:*"]
requesters = ["person:local"]
approvals  = []
"""
_OVER = frozenset({"executed", "abandoned", "denied"})
Work = Callable[[Placet], Awaitable[Any]]


class Trace(Struct, frozen=True, kw_only=True):
    """What an installation and everything behind it has to show at one moment."""

    connections: int
    written: int
    objects: frozenset[str]
    open_runs: frozenset[str]
    certificates: frozenset[str]
    entries: tuple[dict[str, Any], ...]

    @property
    def effects(self) -> tuple[object, ...]:
        """Return all that a refused publication must leave as it was."""
        return self.written, self.objects, self.open_runs, self.certificates


class Refused(Struct, frozen=True, kw_only=True):
    """How something was refused, and the entries that were written meanwhile."""

    code: str
    message: str
    entries: tuple[dict[str, Any], ...]

    @property
    def types(self) -> list[str]:
        """Return the types of the entries, in order."""
        return [each["type"] for each in self.entries]


class Road:
    """A trial installation in a folder that publishes to the double and to a folder of objects."""

    def __init__(self, folder: Path, registry: NpmDouble) -> None:
        """Found it."""
        self.registry = registry
        self.objects = folder / "objects"
        self.objects.mkdir()
        self.environment = {"HOME": str(folder), "PLACET_HOME": str(folder / "home"), "REGISTRY_TOKEN": TOKEN}
        asyncio.run(self._found())

    async def _found(self) -> None:
        await Placet.init(config.load(self.environment), profile="trial", name="acme")
        async with Placet.open(config.load(self.environment)) as placet:
            add = placet.governance.add_provider
            await add("npm", kind="npm", url=self.registry.url, credential="env:REGISTRY_TOKEN")
            await add("files", kind="folder", url=f"file:{self.objects}")
            await placet.governance.activate_policy(POLICY.encode())

    def do(self, work: Work, *, at: Callable[[str], None] | None = None) -> Any:
        """Open the installation as every command does, let `work` happen in it, and close it."""

        async def opened() -> Any:
            async with Placet.open(config.load(self.environment), at=at) as placet:
                return await work(placet)

        return asyncio.run(opened())

    def publish(self, tgz: bytes) -> Any:
        """Publish an archive and return what was published."""
        return self.do(publication(tgz))

    def refused(self, work: Work) -> Refused:
        """Let `work` be refused: nothing sent or kept, no run left open, no certificate standing, a clean ledger."""
        before = self.trace()
        with pytest.raises(PlacetError) as caught:
            self.do(work)
        after = self.trace()
        assert after.effects == before.effects
        entries = after.entries[len(before.entries) :]
        return Refused(code=caught.value.code, message=caught.value.message, entries=entries)

    def refused_unasked(self, work: Work) -> str:
        """Let `work` be refused before anything is asked of anybody or written down; return the code."""
        connections = self.registry.connections
        refused = self.refused(work)
        assert (refused.entries, self.registry.connections) == ((), connections)
        return refused.code

    def trace(self) -> Trace:
        """Return what is to be seen now; the ledger must verify."""
        return asyncio.run(self._trace())

    async def _trace(self) -> Trace:
        async with bootstrap.opened(config.load(self.environment)) as opened:
            placet = Placet(opened)
            report = await verify_ledger(opened.ledger)
            assert report.finding is None
            runs: Any = await placet.publishing.runs(limit=1000)
            certificates: Any = await placet.certificates.list()
            contents = [content async for content in opened.ledger.entries(0, report.size)]
        return Trace(
            connections=self.registry.connections,
            written=sum(method == "PUT" for method, _ in self.registry.requests),
            objects=frozenset(str(path.relative_to(self.objects)) for path in self.objects.rglob("*")),
            open_runs=frozenset(each["run_id"] for each in runs["runs"] if each["state"] not in _OVER),
            certificates=frozenset(
                each["cert_id"] for each in certificates["certificates"] if each["status"] != "revoked"
            ),
            entries=tuple(json.loads(content)["body"] for content in contents),
        )


def publication(tgz: bytes) -> Work:
    """Return the work of publishing an archive."""
    return lambda placet: placet.publishing.publish(PublishRequest(tgz=tgz))


@contextmanager
def a_road(folder: Path) -> Iterator[Road]:
    """Run the registry for as long as the road is walked."""
    with NpmDouble(TOKEN) as registry:
        yield Road(folder, registry)
