"""Who is connected: so many in all, and so many from one address (attacks A57)."""

from __future__ import annotations

from collections import Counter

from placet.web.addresses import Networks, group_of, is_loopback

_UNCOUNTED = ""
_SHARE_OF_ONE = 4


class Crowd:
    """Counts open connections, and tells for each new one whether there is room for it.

    One address has at most a quarter of the places, so that nobody shuts all others out. A trusted
    proxy speaks for many and may have them all, as may this machine itself.
    """

    def __init__(self, *, most: int, trusted: Networks) -> None:
        """Let in at most `most` at one time."""
        self.size = 0
        self._most = most
        self._most_of_one = max(1, most // _SHARE_OF_ONE)
        self._trusted = trusted
        self._of: Counter[str] = Counter()

    def admit(self, address: str) -> bool:
        """Tell whether there is room for one more from `address`, and take the place if there is."""
        group = self._group(address)
        if self.size >= self._most or (group != _UNCOUNTED and self._of[group] >= self._most_of_one):
            return False
        self.size += 1
        self._of[group] += 1
        return True

    def leave(self, address: str) -> None:
        """Give back a place that `admit` took."""
        group = self._group(address)
        self.size -= 1
        self._of[group] -= 1
        if not self._of[group]:
            del self._of[group]

    def _group(self, address: str) -> str:
        return _UNCOUNTED if is_loopback(address) or self._trusted.covers(address) else group_of(address)
