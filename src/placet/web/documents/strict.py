"""A body that is taken whole or not at all: what decides something has no member that nobody reads."""

from __future__ import annotations

import msgspec


class StrictBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A body whose members are all known; any other is refused (`BODY_INVALID`)."""


class Nothing(StrictBody, kw_only=True):
    """A body that says nothing, `{}`: the path says it all."""


class Asked(StrictBody, kw_only=True):
    """A body that says nothing but, where one wants, who asks: that is whoever the key is of, and nobody else."""

    requester: str = ""
