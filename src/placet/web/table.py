"""All routes, by resource."""

from __future__ import annotations

from placet.web.route import Route
from placet.web.routes import (
    certificates,
    chitty_ids,
    chronicle,
    health,
    registry,
    session_approvals,
    sessions,
    visibility,
)
from placet.web.routes.description import description

_SERVED: tuple[Route, ...] = (
    *health.ROUTES,
    *certificates.ROUTES,
    *chitty_ids.ROUTES,
    *chronicle.ROUTES,
    *registry.ROUTES,
    *sessions.ROUTES,
    *session_approvals.ROUTES,
    *visibility.ROUTES,
)
ROUTES: tuple[Route, ...] = (*_SERVED, description("/openapi.json", _SERVED, title="Placet"))
