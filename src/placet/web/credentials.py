"""What a request shows to say who asks: either header, never two that differ (contract 1)."""

from __future__ import annotations

from collections.abc import Iterable

from placet.errors import InvalidInputError

_KEY, _AUTHORIZATION = b"x-api-key", b"authorization"
_SCHEME = "bearer"


def shown_credential(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the key that a request shows, empty where it shows none.

    Raise `InvalidInputError` (`CREDENTIALS_CONFLICT`) where it shows two that differ. Another
    scheme than `Bearer` shows nothing.
    """
    shown = set()
    for name, value in headers:
        text = value.decode("latin-1").strip()
        if name == _KEY:
            shown.add(text)
        elif name == _AUTHORIZATION:
            scheme, _, token = text.partition(" ")
            shown.add(token.strip() if scheme.lower() == _SCHEME else "")
    shown.discard("")
    if len(shown) > 1:
        raise InvalidInputError(
            "CREDENTIALS_CONFLICT",
            "the request shows two different keys",
            hint="send one of X-API-Key and Authorization, or the same key in both",
        )
    return next(iter(shown), "")
