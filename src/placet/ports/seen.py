"""What a verifier remembers between verifications: the newest list of revocations of each log (attack A65)."""

from __future__ import annotations

from typing import Protocol


class SeenLists(Protocol):
    """Keeps one signed list per log. It is public, and believed in nothing when it comes back."""

    def read(self, origin: str) -> bytes:
        """Return the list that was kept for this log, empty where there is none.

        Raise `ConfigurationError` (`SEEN_UNREADABLE`): what cannot be read may hold a revocation.
        """
        ...

    def keep(self, origin: str, encoded: bytes) -> bool:
        """Keep `encoded` instead; return whether it is on disk now, whole, or the old one still is."""
        ...
