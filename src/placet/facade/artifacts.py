"""Artifacts by digest: what comes over the network, in as many pieces as it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from placet.bootstrap import Opened
from placet.domain.encoding.canonical import Object
from placet.domain.values.digest import Digest
from placet.facade.requester import requester_of
from placet.facade.visible import check_publishes
from placet.ports.blobs import Upload
from placet.usecases.deliver_artifact import Delivered, deliver_artifact, delivered, delivered_content


class Artifacts:
    """Bytes that somebody brings, to name them by digest afterwards: in a publication or a plan of theirs."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    async def receive(self, digest: str, *, size: int, offset: int, chunks: AsyncIterator[bytes]) -> Object:
        """Take the bytes that come, the first at `offset`, and tell how far it is; raise as `deliver_artifact`."""
        upload = await self._upload(digest, size)
        return _shown(await deliver_artifact(self._context, upload, offset=offset, chunks=chunks))

    async def status(self, digest: str, *, size: int) -> Object:
        """Return how far an upload of the caller's own is."""
        return _shown(await delivered(self._context, await self._upload(digest, size)))

    async def content(self, digest: str) -> bytes:
        """Return the bytes that the caller brought; raise `NotFoundError` (`ARTIFACT_MISSING`) for all others."""
        return await delivered_content(self._context, await requester_of(self._opened, ""), digest)

    async def _upload(self, digest: str, size: int) -> Upload:
        check_publishes(self._opened)
        return Upload(owner=await requester_of(self._opened, ""), digest=Digest(digest), size=size)


def _shown(found: Delivered) -> Object:
    return {"digest": found.digest, "received": found.received, "complete": found.complete}
