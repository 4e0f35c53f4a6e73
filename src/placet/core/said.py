"""What a client said, kept as it came: erasable bytes, named in entries by a salted digest alone (protocol 1)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from placet.core.context import Context
from placet.domain.encoding.foreign_json import JsonObject, read_foreign_object
from placet.domain.log.compose import SALT_BYTES
from placet.domain.values.digest import Digest, parse_digest, salted_digest
from placet.domain.values.unshown import Unshown


class Said(Unshown, frozen=True, kw_only=True):
    """The digest under which something is kept, and what to keep; neither where nothing was said."""

    digest: str = ""
    erasable: Mapping[Digest, bytes] = field(default_factory=dict)


NOTHING_SAID = Said()


def keeping(context: Context, content: bytes) -> Said:
    """Return how `content`, one JSON object, is kept: with a fresh salt, so that its digest tells nothing."""
    if not content:
        return NOTHING_SAID
    salt = context.randomness.token(SALT_BYTES)
    digest = salted_digest(salt, content)
    return Said(digest=digest, erasable={digest: salt + content})


async def said_under(context: Context, digest: str) -> JsonObject:
    """Return what was said under `digest`, no members where nothing was, or where it was erased since."""
    kept = await context.store.erasable(parse_digest(digest)) if digest else None
    if kept is None:
        return {}
    return read_foreign_object(kept[SALT_BYTES:], what="what was said", code="BODY_INVALID")
