"""ChittyIDs: names for contents, minted once and verified by anybody (contract 3)."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.core.entities.chitty_ids import MintedId, minted_key, read_minted
from placet.core.entities.stored import entity_of
from placet.domain.encoding.canonical import Object
from placet.domain.values.chitty_id import ChittyType, Namespace, check_chitty_id
from placet.domain.values.time import format_instant
from placet.errors import NotFoundError
from placet.facade.requester import requester_of
from placet.usecases.mint_chitty_id import MintRequest, mint_chitty_id

__all__ = ["ChittyIds", "ChittyType", "MintRequest", "Namespace"]

_STATUS = "active"


class ChittyIds:
    """Names for contents. They are about no package, so that anybody may verify them."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened
        self._context = opened.context

    async def mint(self, request: MintRequest) -> Object:
        """Return the name of a content, minted now where it had none; raise as `mint_chitty_id`."""
        minted = await mint_chitty_id(self._context, request, actor=await requester_of(self._opened, ""))
        created = format_instant(minted.minted_at)
        return {
            "chitty_id": minted.chitty_id,
            "status_block": {
                "status": _STATUS,
                "readable_status": f"minted at {created} and in force",
                "creation_time": created,
                "verification_endpoint": self._url(minted),
            },
        }

    async def verify(self, name: str) -> Object:
        """Return what a name is; raise `InvalidInputError` (`CHITTY_ID_INVALID`), and `NotFoundError`."""
        check_chitty_id(name)
        entity = entity_of(await self._context.store.load([minted_key(name)]), minted_key(name))
        if entity is None:
            raise NotFoundError("NOT_FOUND", "this name was not minted here")
        minted = read_minted(entity)
        return {
            "valid": True,
            "chitty_id": minted.chitty_id,
            "status": _STATUS,
            "created_at": format_instant(minted.minted_at),
            "namespace": minted.namespace.value,
            "type": minted.chitty_type.value,
        }

    def _url(self, minted: MintedId) -> str:
        return f"{self._context.settings.bases.id}/api/v2/chittyid/verify/{minted.chitty_id}"
