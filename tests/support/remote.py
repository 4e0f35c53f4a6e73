"""A person at a machine of their own: an API key of a service, an SSH key, the client; nothing of an installation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec import Struct

from placet import config
from placet.errors import ApprovalsPendingError, PlacetError
from placet.facade import Placet, PublishRequest, RemotePlacet, connected
from support.archives import manifest, package_json, tgz
from support.service import Service
from support.shell import Shell

T = TypeVar("T")
PUBLISHES = ("runs:write=@acme/*", "runs:read=@acme/*")


def archive(version: str, name: str = "@acme/tool") -> bytes:
    """Return a small package as npm packs it."""
    return tgz(package_json(manifest(name, version)))


def make_key(shell: Shell, *scopes: str, principal: str, requester: str = "") -> str:
    """Make an API key on the machine of the installation, quickly."""

    async def make() -> str:
        async with Placet.open(config.load(shell.environment())) as placet:
            made = await placet.keys.create("test", principal, scopes, requester=requester)
            return str(made["key"])

    return asyncio.run(make())


class Person(Struct, frozen=True):
    """Somebody who asks a service. Every method runs to its end before it returns."""

    service: Service
    name: str
    key: str

    @property
    def principal(self) -> str:
        return f"person:{self.name}"

    @property
    def ssh_key(self) -> Path:
        return self.service.shell.place / self.name

    def do(self, verb: Callable[[RemotePlacet], Awaitable[T]], *, offline: bool = False) -> T:
        """Do something with the client."""
        place = self.service.shell.environment()
        settings = config.load(
            {
                "HOME": "/nonexistent",
                "PATH": place["PATH"],
                "PLACET_SERVER": self.service.url,
                "PLACET_API_KEY": self.key,
            }
        )

        async def work() -> T:
            async with connected(settings, offline=offline) as placet:
                return await verb(placet)

        return asyncio.run(work())

    def refused(self, verb: Callable[[RemotePlacet], Awaitable[object]], code: str) -> PlacetError:
        """Return the error with which something is refused."""
        with pytest.raises(PlacetError) as caught:
            self.do(verb)
        assert caught.value.code == code, caught.value
        return caught.value

    def publish(self, tarball: bytes, **wanted: Any) -> dict[str, Any]:
        """Publish an archive, without waiting."""
        request = PublishRequest(tgz=tarball, **wanted)
        done: dict[str, Any] = dict(self.do(lambda placet: placet.publishing.publish(request)))
        return done

    def asks(self, tarball: bytes) -> str:
        """Ask for a publication that waits for approvals, and return its run."""
        request = PublishRequest(tgz=tarball)
        error = self.refused(lambda placet: placet.publishing.publish(request), "APPROVALS_MISSING")
        assert isinstance(error, ApprovalsPendingError)
        return error.run_id

    def says(self, decision: str, run_id: str, *, approver: str = "", ssh_key: Path | None = None) -> dict[str, Any]:
        """Say something about a run's plan, signed with the own key unless another is given."""

        async def say(placet: RemotePlacet) -> dict[str, Any]:
            who = approver or self.principal
            ballot = await placet.publishing.ballot(run_id, who)
            said = await placet.publishing.say(
                ballot, decision, approver=who, key=ssh_key or self.ssh_key, signer=placet.signer
            )
            return dict(said)

        return self.do(say)
