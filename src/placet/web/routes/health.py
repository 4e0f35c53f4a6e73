"""Whether the service serves (contract 3), for people, load balancers and orchestrators."""

from __future__ import annotations

import msgspec

from placet import __version__
from placet.web.route import Access, Answer, Call, Route

_TAG = "health"
_HEALTHY, _DEGRADED = "healthy", "degraded"


class Health(msgspec.Struct, kw_only=True):
    """How the service stands."""

    status: str
    service: str
    version: str
    timestamp: str


class Services(msgspec.Struct, kw_only=True):
    """How each of the three services stands; one process serves them all."""

    chittyid: str
    chronicle: str
    registry: str


class Status(msgspec.Struct, kw_only=True):
    """How the service stands, by part."""

    status: str
    version: str
    services: Services


class Probe(msgspec.Struct, kw_only=True):
    """What an orchestrator asks: yes or no, and nothing else."""

    status: str


async def livez(call: Call) -> Answer:  # noqa: ARG001 - that it answers is the answer
    """Answer that the process runs, whatever it can do: who hears nothing may start it again."""
    return Answer(document={"status": "live"})


async def readyz(call: Call) -> Answer:
    """Answer whether requests should be sent here: not while it ends, is sealed, or cannot read its state."""
    ready = not call.standing.ending and (await call.placet.ledger.health())["serves"]
    return Answer(status=200 if ready else 503, document={"status": "ready" if ready else "not ready"})


async def health(call: Call) -> Answer:
    """Answer whether the service serves, with 503 where it cannot."""
    found = await call.placet.ledger.health()
    document = {
        "status": _HEALTHY if found["serves"] else _DEGRADED,
        "service": "ChittyID Server",
        "version": __version__,
        "timestamp": found["timestamp"],
    }
    return Answer(status=200 if found["serves"] else 503, document=document)


async def status(call: Call) -> Answer:
    """Answer how each service stands."""
    found = await call.placet.ledger.health()
    state = "operational" if found["serves"] else _DEGRADED
    services = dict.fromkeys(("chittyid", "chronicle", "registry"), state)
    return Answer(document={"status": state, "version": __version__, "services": services})


ROUTES = (
    Route(
        method="GET",
        path="/health",
        handler=health,
        summary="Tell whether the service serves",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: Health, 503: Health},
    ),
    Route(
        method="GET",
        path="/status",
        handler=status,
        summary="Tell how each service stands",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: Status},
    ),
    Route(
        method="GET",
        path="/livez",
        handler=livez,
        summary="Tell that the process runs",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: Probe},
        at_once=True,
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=readyz,
        summary="Tell whether requests should be sent here",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: Probe, 503: Probe},
        at_once=True,
    ),
)
