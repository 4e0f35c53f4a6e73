"""Which issuers are trusted now (protocol 6)."""

from __future__ import annotations

from placet.core.context import Context
from placet.core.entities.stored import entity_of, required
from placet.core.entities.trust import issuer_key, stored_issuer
from placet.domain.authorization.issuer import Issuer
from placet.errors import NotFoundError

_MOST = 1000


async def all_issuers(context: Context) -> list[Issuer]:
    """Return every issuer that is trusted or was, by its URL."""
    rows = await context.store.find("issuer", "", limit=_MOST)
    found = await context.store.load([row.key for row in rows])
    return [stored_issuer(required(found, row.key, "issuer")) for row in rows]


async def trusted_issuer(context: Context, url: str) -> Issuer:
    """Return the issuer of exactly that URL; raise `NotFoundError` (`NOT_FOUND`) where it is not trusted."""
    key = issuer_key(url)
    entity = entity_of(await context.store.load([key]), key)
    issuer = stored_issuer(entity) if entity else None
    if issuer is None or not issuer.trusted:
        raise NotFoundError("NOT_FOUND", "no such issuer is trusted here", hint="see which are: placet issuer list")
    return issuer
