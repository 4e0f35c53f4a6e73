"""On which terms requests are taken: what all of one process share, beside the installation itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from placet.web.addresses import Networks
from placet.web.body import Room
from placet.web.gate import Gate
from placet.web.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The limits, and whom to believe about addresses.

    `patience` is how many seconds a client may pause; `tls` whether it speaks TLS with us.
    """

    gate: Gate
    room: Room
    patience: float
    trusted: Networks = field(default_factory=Networks)
    standing: Standing = field(default_factory=Standing)
    tls: bool = False
