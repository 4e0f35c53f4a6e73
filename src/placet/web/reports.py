"""Who is told of each request: the log and the figures. Neither learns a path, a query, a header or a body."""

from __future__ import annotations

import structlog
from msgspec import Struct

from placet.facade import Caller
from placet.web.metrics import Metrics
from placet.web.route import Route

_DENIED = frozenset({401, 403, 429})
_FAILED = 500
_UNAVAILABLE = 503


class Exchange(Struct, kw_only=True):
    """One request and what becomes of it, as far as it is known."""

    request_id: str
    address: str
    method: str
    route: Route | None = None
    caller: Caller | None = None
    code: str = ""


class Reports(Struct, frozen=True):
    """Tells the log and the figures."""

    metrics: Metrics

    def answered(self, exchange: Exchange, status: int, seconds: float) -> None:
        """Tell of an answer."""
        route = exchange.route.path if exchange.route else ""
        self.metrics.answered(exchange.method, route, status, seconds)
        if exchange.code:
            self.metrics.failed(exchange.code, status)
        _tell(
            request_id=exchange.request_id,
            method=exchange.method,
            route=route,
            status=status,
            quiet=exchange.route is not None and exchange.route.at_once,
            ms=round(seconds * 1000, 1),
            code=exchange.code,
            principal=exchange.caller.principal_id if exchange.caller else "",
            credential=exchange.caller.credential_id if exchange.caller else "",
            address=exchange.address,
        )

    def refused(self, request_id: str, code: str, status: int, address: str) -> None:
        """Tell of what never became a request."""
        self.metrics.answered("", "", status, 0)
        self.metrics.failed(code, status)
        _tell(request_id=request_id, method="", route="", status=status, code=code, address=address)

    def bug(self, exchange: Exchange) -> None:
        """Tell in full of what nobody foresaw: called while it is handled."""
        structlog.get_logger().exception("a bug", request_id=exchange.request_id)


def _tell(*, status: int, quiet: bool = False, **members: object) -> None:
    log = structlog.get_logger()
    say = log.debug if quiet else log.info
    if status in _DENIED or status == _UNAVAILABLE:
        say = log.warning
    elif status >= _FAILED:
        say = log.error
    say("request", status=status, **members)
