"""Whether a token's signature holds, by a key and an algorithm that the token did not choose (RFC 7515, RFC 8725)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from msgspec import Struct

from placet.adapters.oidc.keys import SigningKey
from placet.adapters.oidc.refusal import refused
from placet.domain.authorization.sign_in import CODE
from placet.domain.encoding.foreign_json import JsonObject, read_foreign_object
from placet.errors import InvalidInputError

LIMIT_CHARACTERS = 16 * 1024
_PART = re.compile(r"[A-Za-z0-9_-]+")
_READ = frozenset({"alg", "kid"})
_IGNORED = frozenset({"typ", "x5t", "x5t#S256"})
"""Members of a header that say nothing here. Every other one is refused: `crit`, `b64` and `zip` would change
how the rest is read, `jku`, `jwk`, `x5u` and `x5c` would let the token bring its own key."""
_PARTS = 3


class UnverifiedToken(Struct, frozen=True, kw_only=True):
    """A token in three parts, whose header names an algorithm and a key; nothing in it is believed.

    `key_id` is empty where the header names no key: an issuer with one key need not (OpenID Connect Core 10.1).
    """

    text: str
    algorithm: str
    key_id: str


def parse_token(text: str) -> UnverifiedToken:
    """Return the token that `text` spells in its one way; raise `DeniedError` (`OIDC_INVALID`)."""
    parts = text.split(".")
    if len(text) > LIMIT_CHARACTERS or len(parts) != _PARTS:
        raise refused("the token is not three parts of a signed token")
    decoded = [_decoded(part) for part in parts]
    header = _object(decoded[0], "header")
    algorithm, key_id = header.get("alg"), header.get("kid", "")
    if header.keys() - _READ - _IGNORED or not isinstance(algorithm, str) or not isinstance(key_id, str):
        raise refused("the token's header lacks what must stand there, or has what may not")
    return UnverifiedToken(text=text, algorithm=algorithm, key_id=key_id)


def key_of(token: UnverifiedToken, keys: Mapping[str, SigningKey]) -> SigningKey | None:
    """Return the key that the token names, or the only one where it names none; None where there is no such key."""
    only = next(iter(keys.values())) if len(keys) == 1 else None
    return keys.get(token.key_id) if token.key_id else only


def verified_claims(token: UnverifiedToken, keys: Mapping[str, SigningKey], algorithms: tuple[str, ...]) -> JsonObject:
    """Return what the token says, if one of `keys` signed it with one of the issuer's `algorithms`.

    Raise `DeniedError` (`OIDC_INVALID`): the issuer's record says which algorithms count, and its
    key set what each key can do; the token only says which of them it claims.
    """
    if token.algorithm not in algorithms:
        raise refused("the token is signed by an algorithm that the issuer's record does not name")
    key = key_of(token, keys)
    if key is None:
        raise refused("the issuer has no such key")
    if token.algorithm not in key.algorithms:
        raise refused("the token's key does not make signatures of its algorithm")
    return _object(_payload(token, key), "payload")


def _payload(token: UnverifiedToken, key: SigningKey) -> bytes:
    from joserfc.errors import JoseError  # noqa: PLC0415 - only who signs in shall pay for the library
    from joserfc.jws import deserialize_compact  # noqa: PLC0415 - as above

    try:
        return deserialize_compact(token.text, key.public, algorithms=[token.algorithm]).payload
    except (JoseError, ValueError) as error:
        raise refused("the token's signature does not hold") from error


def _decoded(part: str) -> bytes:
    if _PART.fullmatch(part) is None:
        raise refused("the token is not in base64url")
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise refused("the token is not in base64url") from error
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != part:
        raise refused("the token is not in the one base64url spelling of its bytes")
    return content


def _object(content: bytes, what: str) -> JsonObject:
    try:
        return read_foreign_object(content, what=f"the token's {what}", code=CODE)
    except InvalidInputError as error:
        raise refused(f"the token's {what} has no single reading") from error
