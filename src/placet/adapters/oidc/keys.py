"""An issuer's signing keys, by their ids: what cannot sign a token that we believe is not kept (RFC 7517, RFC 7518)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from placet.adapters.oidc.refusal import refused
from placet.domain.encoding.foreign_json import JsonObject

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

_MOST_KEYS = 64
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2048, 8192
_ALGORITHMS = {
    ("RSA", ""): ("RS256", "PS256"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
}
"""By key type and curve. Keys of shared secrets are none: an issuer publishes no secret."""


class SigningKey(Struct, frozen=True):
    """A public key, and the algorithms of signatures that it may have made."""

    public: RSAKey | ECKey
    algorithms: tuple[str, ...]


def read_keys(document: JsonObject) -> Mapping[str, SigningKey]:
    """Return the usable keys of a key set by id.

    Raise `DeniedError` (`OIDC_INVALID`) where it has none: an empty set is a mishap, and never the
    issuer's word that it has no keys any more.
    """
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise refused("the issuer's key set is none")
    keys: dict[str, SigningKey] = {}
    for member in listed:
        found = _key(member) if isinstance(member, dict) else None
        if found is None:
            continue
        key_id, key = found
        if key_id in keys:
            raise refused("the issuer's key set names a key twice")
        keys[key_id] = key
    if not keys:
        raise refused("the issuer's key set has no key that may sign")
    return keys


def _key(member: JsonObject) -> tuple[str, SigningKey] | None:
    """Return one key with its id, or None where it signs no token that is believed here."""
    key_id, curve = member.get("kid"), member.get("crv", "")
    algorithms = _ALGORITHMS.get((str(member.get("kty")), str(curve)), ())
    if "alg" in member:
        algorithms = tuple(each for each in algorithms if each == member["alg"])
    if not isinstance(key_id, str) or not key_id or not algorithms or member.get("use", "sig") != "sig":
        return None
    public = _public(member)
    return None if public is None else (key_id, SigningKey(public, algorithms))


def _public(member: JsonObject) -> RSAKey | ECKey | None:
    from joserfc.errors import JoseError  # noqa: PLC0415 - only who signs in shall pay for the library
    from joserfc.jwk import ECKey, RSAKey  # noqa: PLC0415 - as above

    rsa = member.get("kty") == "RSA"
    names = ("kty", "n", "e") if rsa else ("kty", "crv", "x", "y")
    parts: dict[str, str | list[str]] = {name: value for name in names if isinstance(value := member.get(name), str)}
    try:
        if len(parts) != len(names) or (rsa and not _is_strong(str(parts["n"]))):
            return None
        return RSAKey.import_key(parts) if rsa else ECKey.import_key(parts)
    except (JoseError, ValueError):
        return None


def _is_strong(modulus: str) -> bool:
    """Tell whether a modulus in base64url is neither weak nor so long that it would keep us busy."""
    number = int.from_bytes(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4)), "big")
    return _LEAST_RSA_BITS <= number.bit_length() <= _MOST_RSA_BITS
