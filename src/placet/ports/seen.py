"""What a verifier remembers between verifications: the newest list of revocations of each log (attack A65)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class SeenLists(Protocol):
    """Keeps one signed list per log. It is public, and believed in nothing when it comes back."""

    def read(self, origin: str) -> bytes:
        """Return the list that was kept for this log, empty where there is none.

        Raise `ConfigurationError` (`SEEN_UNREADABLE`): what cannot be read may hold a revocation.
        """
        ...

    def keep(self, origin: str, newest: Callable[[bytes], bytes]) -> bool:
        """Keep what `newest` makes of the list that is kept now (empty where there is none), and nobody else meanwhile.

        So of two verifications at once the later does not undo what the earlier saw. Return whether
        it is on disk now, whole, or the old one still is. Raise as `read`, and whatever `newest` raises.
        """
        ...
