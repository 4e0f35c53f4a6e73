"""Values that must not be shown: what holds a secret, or the bytes of an artifact, names its type alone."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Unshown(Struct, frozen=True):
    """A value whose `repr` tells nothing of its members, nor does what rich shows: no log, traceback or error can."""

    def __repr__(self) -> str:
        """Return the name of the type."""
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no members to rich either, which goes round `repr` where it can."""
        return []
