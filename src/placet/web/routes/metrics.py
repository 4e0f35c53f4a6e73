"""Figures for Prometheus, for this machine or at an address of their own only (ADR 31)."""

from __future__ import annotations

from placet.web.metrics import CONTENT_TYPE, Metrics
from placet.web.route import Access, Answer, Call, Route

PATH = "/metrics"


def metrics_route(metrics: Metrics) -> Route:
    """Return the route that answers `metrics`; it is not in the table: it is no part of the API."""

    async def figures(call: Call) -> Answer:
        """Answer the figures of this moment."""
        metrics.state(await call.placet.figures.now())
        return Answer(content=metrics.text(), media_type=CONTENT_TYPE)

    return Route(
        method="GET",
        path=PATH,
        handler=figures,
        summary="Tell the figures of the service",
        tag="operations",
        access=Access.MACHINE,
        answers={200: CONTENT_TYPE},
        at_once=True,
    )
