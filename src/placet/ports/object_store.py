"""What an object store has to prove before anything is put there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct

from placet.ports.effects import Provider

IsTrusted = Callable[[Provider], Awaitable[bool]]
"""Tells whether this very record of a provider passed its last check (the newest state, not a copy)."""


class Promise(Struct, frozen=True, kw_only=True):
    """One promise that a store was tried on: its name, whether it was kept, and what was seen, in one sentence."""

    name: str
    kept: bool
    seen: str


class StorageProbe(Protocol):
    """Tries a store out, with objects of its own that nothing else reads."""

    async def probe(self, provider: Provider, token: str) -> tuple[Promise, ...]:
        """Return what the store kept and what it did not, the first failure last.

        Writes, reads and removes objects named after `token` (fresh random hex) below
        `.placet-check/`, where no operation's key can lie; one that cannot be removed stays, and
        harms nothing. Raise `EffectError` (`EGRESS_DENIED`) and `ConfigurationError`
        (`CREDENTIAL_…`) where nothing was sent.
        """
        ...
