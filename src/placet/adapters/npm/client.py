"""The few requests that Placet makes to an npm registry: publish, read a package, read who we are."""

from __future__ import annotations

import json

from placet.adapters.egress.endpoint import Endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import AmbiguousError, Answer, Caps, NothingSentError, Request
from placet.adapters.npm.document import Publication, package_path
from placet.adapters.npm.packument import LIMIT_BYTES, AnswerInvalidError, Packument, read_packument
from placet.errors import EffectError
from placet.ports.effects import Secret
from placet.ports.executor import SendPermit

OK = 200
NOT_FOUND = 404
READ_SECONDS = 10.0
_UNCACHED = {"accept": "application/json", "cache-control": "no-cache", "pragma": "no-cache"}


class UnclearError(EffectError):
    """The registry gave no answer from which anything follows."""


class Registry:
    """One registry with one credential. Reads are never served from a cache of ours."""

    def __init__(self, egress: Egress, endpoint: Endpoint, bearer: Secret | None) -> None:
        """Take the way out, the registry's place and what to show it."""
        self._egress = egress
        self._bearer = bearer
        self.endpoint = endpoint

    async def publish(self, publication: Publication, permit: SendPermit) -> Answer:
        """Send the publication once, the permit checked at its first byte; raise as `Egress.exchange`."""
        request = Request(
            method="PUT",
            path=package_path(publication.package),
            headers={"content-type": "application/json", "accept": "application/json", "npm-command": "publish"},
            body=publication.body,
            bearer=self._bearer,
        )
        return await self._egress.exchange(self.endpoint, request, Caps(seconds=permit.seconds_left), permit.check)

    async def packument(self, package: str) -> Packument | None:
        """Return the package's document as the registry itself holds it now, None where it answered 404.

        Raise `UnclearError` for any other answer, for none, and for one out of a cache.
        """
        # With `write=true` registries answer from their own storage, not from what lies in front of it.
        query = "?write=true" if self._bearer else ""
        answer = await self._get(package_path(package) + query, LIMIT_BYTES)
        if answer.status not in {OK, NOT_FOUND} or answer.headers.get("age", "0") != "0":
            raise UnclearError("PROVIDER_UNCLEAR", f"the registry answered {answer.status} for {package}")
        if answer.status == NOT_FOUND:
            return None
        try:
            return read_packument(answer.body, package)
        except AnswerInvalidError as error:
            raise UnclearError(error.code, error.message) from error

    async def admits_us(self) -> bool:
        """Return whether the registry answers another question clearly, shown the same credential.

        With a credential it must say who we are; a registry without that question, or no
        credential, must answer a ping.
        """
        if self._bearer is not None:
            answer = await self._get("/-/whoami", 64 * 1024)
            if answer.status != NOT_FOUND:
                return answer.status == OK and _names_somebody(answer.body)
        return (await self._get("/-/ping", 64 * 1024)).status == OK

    async def _get(self, path: str, limit: int) -> Answer:
        request = Request(method="GET", path=path, headers=_UNCACHED, bearer=self._bearer)
        try:
            return await self._egress.exchange(self.endpoint, request, Caps(seconds=READ_SECONDS, answer_bytes=limit))
        except (NothingSentError, AmbiguousError) as error:
            raise UnclearError(error.code, error.message) from error


def _names_somebody(body: bytes) -> bool:
    try:
        username = json.loads(body)["username"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return isinstance(username, str) and username != ""
