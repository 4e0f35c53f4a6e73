"""The verbs of Placet at a service, by the same names and with the same answers as those of an installation.

    async with RemotePlacet.opened("https://placet.example.com", key, tools) as placet:
        published = await placet.publishing.publish(request)

Nothing is decided here. What the service answers is what the façade returned there; its failures are
raised again as the errors that they were. What an approver signs is made here, from the plan's own bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from placet.client.address import parse_server
from placet.client.break_glass import RemoteBreakGlass
from placet.client.evidence import RemoteCertificates, RemoteLedger, RemoteReceipts, RemoteVerification
from placet.client.governance import (
    RemoteFreezes,
    RemoteGovernance,
    RemoteKeys,
    RemoteSessions,
    RemoteStorage,
    RemoteTrust,
    RemoteVisibility,
)
from placet.client.planning import RemotePlanning
from placet.client.publishing import RemotePublishing
from placet.client.tools import Tools
from placet.client.wire import Wire
from placet.ports.effects import Secret

__all__ = ["RemotePlacet", "Tools", "parse_server"]


class RemotePlacet:
    """A service, its verbs grouped by theme."""

    def __init__(self, wire: Wire, tools: Tools, *, offline: bool) -> None:
        """Take a wire that is open; use `opened`."""
        self.publishing = RemotePublishing(wire, tools, offline=offline)
        self.planning = RemotePlanning(wire, tools, offline=offline)
        self.verification = RemoteVerification(wire)
        self.governance = RemoteGovernance(wire)
        self.freezes = RemoteFreezes(wire)
        self.break_glass = RemoteBreakGlass(wire, tools)
        self.certificates = RemoteCertificates(wire, tools)
        self.receipts = RemoteReceipts(wire)
        self.keys = RemoteKeys(wire)
        self.trust = RemoteTrust(wire)
        self.sessions = RemoteSessions(wire)
        self.storage = RemoteStorage(wire)
        self.visibility = RemoteVisibility(wire)
        self.ledger = RemoteLedger(wire)
        self.signer = tools.signer

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(
        cls, address: str, key: Secret | None, tools: Tools, *, offline: bool = False
    ) -> AsyncIterator[RemotePlacet]:
        """Use the service at `address` with an API key for the length of a `with`.

        `tools` is what this machine gives; `offline` has it ask no provider anything for what is planned.

        Raise `ConfigurationError` (`SERVER_INVALID`, `API_KEY_MISSING`, `API_KEY_INVALID`).
        """
        async with Wire.opened(parse_server(address), key) as wire:
            yield cls(wire, tools, offline=offline)
