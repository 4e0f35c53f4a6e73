"""On which terms requests are taken: what all of one process share, beside the installation itself."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field
from starlette.requests import Request

from placet.web.addresses import Networks
from placet.web.body import Room
from placet.web.gate import Gate
from placet.web.reports import Reports
from placet.web.standing import Standing


def never(_: Request) -> bool:
    """Believe of no request that it comes from this machine."""
    return False


class Terms(Struct, frozen=True, kw_only=True):
    """The limits, whom to believe about addresses, and who is told.

    `patience` is how many seconds a client may pause; `tls` whether it speaks TLS with us; `is_private`
    tells of a request whether it comes from this machine itself.
    """

    gate: Gate
    room: Room
    reports: Reports
    patience: float
    trusted: Networks = field(default_factory=Networks)
    standing: Standing = field(default_factory=Standing)
    tls: bool = False
    is_private: Callable[[Request], bool] = never
