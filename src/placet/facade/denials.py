"""Denials of a service: what was refused before it was about any run, and what was counted (protocol 4)."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.core.denials import record_at_the_edge, record_counted, unverified
from placet.errors import DeniedError


class Denials:
    """What a service refuses at its edge, and how repeats come into the ledger."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened

    async def record(self, error: DeniedError, *, source: str, principal_id: str = "", shown: str = "") -> None:
        """Record that a request was denied: to `principal_id`, or to a stranger who showed `shown`.

        `source` tells strangers apart and is never recorded, nor is what was shown: its digest is.
        Raise `UnavailableError` where the ledger cannot take it.
        """
        actor = principal_id or unverified("network")
        await record_at_the_edge(self._opened.context, error, actor=actor, source=source, shown=shown)

    async def record_counted(self, *, closing: bool = False) -> None:
        """Record what was counted since: called every minute, and at the end. Raise as `record`; nothing is lost."""
        if self._opened.bundles is not None:
            await record_counted(self._opened.context, self._opened.bundles, closing=closing)
