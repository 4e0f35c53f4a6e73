"""Figures of an installation for operators who watch it."""

from __future__ import annotations

from placet.bootstrap import Opened
from placet.domain.encoding.canonical import Object
from placet.usecases.measure_state import measure_state


class StateFigures:
    """How the state stands, cheap enough to be asked every few seconds."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened

    async def now(self) -> Object:
        """Return the figures of this moment, also while the ledger is sealed or cannot be read."""
        figures = await measure_state(self._opened.context, self._opened.ledger)
        return {
            "ledger_readable": figures.readable,
            "ledger_sealed": figures.sealed,
            "ledger_size": figures.size,
            "anchor_size": figures.anchored,
            "receipts_unsettled": figures.unsettled,
            "oldest_indeterminate_seconds": figures.in_doubt_seconds,
            "denials_waiting": self._opened.bundles.pending if self._opened.bundles else 0,
        }
