"""Artifacts are sent by digest, a piece at a time, and gone on with where a connection broke."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from placet.client.wire import Wire
from placet.domain.values.digest import Digest, sha256
from placet.errors import PlacetError, UnavailableError

_PIECE_BYTES = 8 * 1024 * 1024
_TRIES = 4
_PAUSE_SECONDS = 0.2
_AGAIN = frozenset({"SERVER_ANSWER_LOST", "SERVER_UNREACHABLE", "UPLOAD_OFFSET", "BODY_TIMEOUT"})
_ARTIFACTS = ("api", "v1", "artifacts")


class RemoteArtifacts:
    """Bytes that a service is given."""

    def __init__(self, wire: Wire) -> None:
        """Send over `wire`."""
        self._wire = wire

    async def send(self, content: bytes) -> Digest:
        """Have `content` at the service, and return its digest.

        Sending goes on from where the service stands. Four failures without a piece between them
        end it; raise the last one then.
        """
        digest = sha256(content)
        failures = 0
        while True:
            try:
                async for _ in self._pieces(digest, content):
                    failures = 0
            except PlacetError as error:
                failures += 1
                if error.code not in _AGAIN or failures == _TRIES:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS * failures)
            else:
                return digest

    async def _pieces(self, digest: Digest, content: bytes) -> AsyncIterator[int]:
        """Send what is missing, and yield after each piece how many bytes are there."""
        answer = await self._wire.get(*_ARTIFACTS, digest, size=len(content))
        while answer["complete"] is not True:
            received = answer["received"]
            if not isinstance(received, int):
                raise UnavailableError("SERVER_ANSWER_INVALID", "the service does not say how much it has")
            piece = content[received : received + _PIECE_BYTES]  # of nothing, where all of it has yet to be kept
            answer = await self._wire.put(*_ARTIFACTS, digest, content=piece, size=len(content), offset=received)
            if answer["complete"] is not True and not piece:
                raise UnavailableError("SERVER_ANSWER_INVALID", "the service has all of it, and keeps none")
            yield received + len(piece)
