"""Whether providers could be used: their addresses, their credentials, and whether anything answers there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import Caps, Request
from placet.errors import ConfigurationError, EffectError
from placet.ports.effects import Provider, Secret

_SECONDS = 10.0
_SERVER_ERROR = 500
_PATH = "/-/ping"
"""What an npm registry answers with 200; from others any answer shows that they are there."""


class LiveProbe:
    """Implements `ports.surroundings.ProviderProbe`. Shows no credential to anybody."""

    def __init__(self, egress: Egress, credential_of: Callable[[Provider], Secret | None]) -> None:
        """Take the way out and what finds credentials."""
        self._egress = egress
        self._credential_of = credential_of

    def address(self, provider: Provider) -> None:
        """Return only if the provider's address may be used (see the port)."""
        if provider.url.startswith("file:"):
            _check_folder(provider)
        else:
            parse_endpoint(provider.url, private=provider.private)

    def credential(self, provider: Provider) -> None:
        """Return only if the credential that the record names is there (see the port)."""
        self._credential_of(provider)

    async def reach(self, provider: Provider) -> str:
        """Return what the provider answered, in a few words (see the port)."""
        if provider.url.startswith("file:"):
            _check_folder(provider)
            return "the folder can be written"
        endpoint = parse_endpoint(provider.url, private=provider.private)
        answer = await self._egress.exchange(endpoint, Request(method="GET", path=_PATH), Caps(seconds=_SECONDS))
        if answer.status >= _SERVER_ERROR:
            raise EffectError(
                "PROVIDER_UNCLEAR", f"{endpoint.authority} answered {answer.status}", hint="look at the provider itself"
            )
        return f"{endpoint.authority} answered {answer.status}"


def _check_folder(provider: Provider) -> None:
    folder = Path("/" + provider.url.removeprefix("file:").lstrip("/"))
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigurationError(
            "PROVIDER_UNREACHABLE",
            f"the folder of provider {provider.provider_id} is not there, or not writable",
            hint="make the folder, or give the provider another one with placet provider add",
        )
