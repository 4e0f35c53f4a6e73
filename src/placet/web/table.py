"""All routes, by resource."""

from __future__ import annotations

from placet.web.route import Route
from placet.web.routes import (
    approvals,
    artifacts,
    certificates,
    certification,
    chitty_ids,
    chronicle,
    freezes,
    health,
    keys,
    ledger,
    looking,
    plans,
    policy,
    principals,
    providers,
    receipts,
    registry,
    runs,
    session_approvals,
    sessions,
    visibility,
)
from placet.web.routes.description import description

_GOVERNANCE = (
    *runs.ROUTES,
    *plans.ROUTES,
    *artifacts.ROUTES,
    *approvals.ROUTES,
    *receipts.ROUTES,
    *policy.ROUTES,
    *principals.ROUTES,
    *providers.ROUTES,
    *freezes.ROUTES,
    *keys.ROUTES,
    *certification.ROUTES,
    *ledger.ROUTES,
    *looking.ROUTES,
)
_SERVED: tuple[Route, ...] = (
    *health.ROUTES,
    *certificates.ROUTES,
    *chitty_ids.ROUTES,
    *chronicle.ROUTES,
    *registry.ROUTES,
    *sessions.ROUTES,
    *session_approvals.ROUTES,
    *visibility.ROUTES,
    *_GOVERNANCE,
)
ROUTES: tuple[Route, ...] = (*_SERVED, description("/openapi.json", _SERVED, title="Placet"))
