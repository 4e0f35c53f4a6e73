"""API keys as they are asked for, made and listed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from placet.web.documents.strict import Asked
from placet.web.forms import KeyId, PrincipalId, ScopeText

_LIFETIME_SECONDS = 90 * 24 * 60 * 60
Seconds = Annotated[int, Meta(ge=1, le=2 * 366 * 24 * 60 * 60)]


class KeyWanted(Asked, kw_only=True):
    """A key that is wanted: what people call it, in whose name it asks, and for what."""

    name: str
    principal_id: PrincipalId
    scopes: tuple[ScopeText, ...]
    lifetime_seconds: Seconds = _LIFETIME_SECONDS


class Rotation(Asked, kw_only=True):
    """How long the key shall be good that follows another."""

    lifetime_seconds: Seconds = _LIFETIME_SECONDS


class KeyMade(msgspec.Struct, kw_only=True):
    """A key, shown this once. While `status` is `waiting` it works only once `run_id` was approved and resumed."""

    key: str
    key_id: KeyId
    name: str
    principal_id: str
    status: str
    run_id: str
    message: str = ""
    receipt_id: str = ""


class KeyShown(msgspec.Struct, kw_only=True):
    """A key, never what it is shown by; when it was last used is told to the hour."""

    key_id: KeyId
    name: str
    principal_id: str
    scopes: list[str]
    status: str
    created_at: str
    expires_at: str
    revoked_at: str
    last_used_at: str
    rotates: str


class Keys(msgspec.Struct, kw_only=True):
    """The keys that the key may see: those of its principal, and of whom that owns."""

    keys: list[KeyShown]
