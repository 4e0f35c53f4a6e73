"""The bytes of a request's path become segments, decoded once, by one strict grammar (attacks A51).

Servers decode `%2f` before they route, so that `..%2f..` walks where no route leads. Here the raw
bytes are split at each literal slash first, and every segment is decoded once: what then still
holds a percent sign, could be read again, or walks, is refused. An encoded slash is kept in its
segment, for the one parameter that may hold it: the name of a scoped package.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from placet.errors import InvalidInputError

LIMIT_BYTES = 2048
_RAW = re.compile(rb"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_PLAIN = re.compile(r"[A-Za-z0-9._~@+:-]+(?:/[A-Za-z0-9._~@+:-]+)?")
"""What our names, versions, ids and digests are written with; at most one slash, inside."""
_WALKING = frozenset({".", ".."})


def segments(raw: bytes) -> tuple[str, ...]:
    """Return the segments of a raw path, each decoded once; none of `/`.

    Raise `InvalidInputError`: `PATH_TOO_LONG`, and `PATH_INVALID` for anything outside the grammar.
    """
    if len(raw) > LIMIT_BYTES:
        raise InvalidInputError("PATH_TOO_LONG", f"a path has at most {LIMIT_BYTES} bytes")
    if _RAW.fullmatch(raw) is None:
        raise _invalid()
    return () if raw == b"/" else tuple(_decoded(segment) for segment in raw[1:].split(b"/"))


def _decoded(segment: bytes) -> str:
    try:
        text = unquote_to_bytes(segment).decode("ascii")
    except UnicodeDecodeError as error:
        raise _invalid() from error
    if _PLAIN.fullmatch(text) is None or _WALKING.intersection(text.split("/")):
        raise _invalid()
    return text


def _invalid() -> InvalidInputError:
    return InvalidInputError(
        "PATH_INVALID",
        "the path is not written in the one way that is taken here",
        hint="encode a scope's slash once, as %2F, or not at all; nothing else needs to be encoded",
    )
