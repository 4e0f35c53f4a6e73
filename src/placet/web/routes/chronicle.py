"""The Chronicle: what is reported and observed of packages (contract 4)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from placet.domain.authorization.api_key import ANY, Verb
from placet.facade.chronicle import Report
from placet.web.forms import AnyPackage, AnyVersion, EventId, EventType, Moment, PackageName
from placet.web.route import Access, Answer, Call, Route
from placet.web.routes.description import description

_TAG = "chronicle"
_REPORT_LIMIT_BYTES = 16 * 1024
_FILTERS = ("type", "package", "actor", "since", "until")
_CODES = ("EVENT_INVALID", "NAME_INVALID", "NAME_CONFUSABLE", "VERSION_INVALID")
Offset = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=500)]


class ChronicleService(msgspec.Struct, kw_only=True):
    """What the Chronicle is, and what it takes."""

    service: str
    message: str
    status: str
    endpoints: list[str]
    package_event_types: list[str]


class EventReport(msgspec.Struct, kw_only=True):
    """An event that is reported. What else is sent is kept in its payload; `actor` is kept beside who reported."""

    event_type: EventType
    package: AnyPackage = ""
    version: AnyVersion = ""
    cert_id: str = ""
    artifacts: Any = None
    metadata: dict[str, Any] | None = None
    actor: str = ""


class Reported(msgspec.Struct, kw_only=True):
    """An event that was recorded."""

    success: bool
    event_id: EventId
    chronicle_url: str
    timestamp: Moment


class Event(msgspec.Struct, kw_only=True):
    """An event. `metadata.source` says whose word it is: `reported` proves nothing, `observed` is the Core's."""

    id: EventId
    type: EventType
    timestamp: Moment
    actor: str
    payload: dict[str, Any]
    metadata: dict[str, Any]
    chronicle_url: str


class Inclusion(msgspec.Struct, kw_only=True):
    """That the event's entry is in the ledger: its leaf, and the path to the root of a signed checkpoint (hex)."""

    leaf_hash: str
    size: int
    path: list[str]
    checkpoint: str


class LedgeredEvent(Event, kw_only=True):
    """An event with the number of its entry in the ledger, and the proof of it."""

    index: int
    inclusion: Inclusion


class EventQuery(msgspec.Struct, kw_only=True):
    """Which events: of a type, a package, an actor, from and until when (both within), newest first."""

    type: str = ""
    package: AnyPackage = ""
    actor: str = ""
    since: str = ""
    until: str = ""
    limit: Limit = 100
    offset: Offset = 0


class Events(msgspec.Struct, kw_only=True):
    """A page of events; `total` counts those that the caller may see."""

    events: list[Event]
    total: int
    offset: int
    limit: int


class PackageEventsQuery(msgspec.Struct, kw_only=True):
    """Which part of a package's events."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1000
    offset: Offset = 0


class PackageEvent(msgspec.Struct, kw_only=True):
    """One event of a package."""

    event_id: EventId
    event_type: EventType
    version: AnyVersion
    timestamp: Moment


class PackageEvents(msgspec.Struct, kw_only=True):
    """The events of a package, oldest first."""

    package: PackageName
    events: list[PackageEvent]
    total: int


async def about(call: Call) -> Answer:
    """Say what the Chronicle is."""
    found = await call.placet.ledger.health()
    document = {
        "service": "ChittyOS Chronicle",
        "message": "what is reported and observed of packages, in a ledger that cannot be rewritten unseen",
        "status": "operational" if found["serves"] else "degraded",
        "endpoints": [f"{each.method} {each.path}" for each in ROUTES],
        "package_event_types": call.placet.chronicle.types(),
    }
    return Answer(document=document)


async def report(call: Call) -> Answer:
    """Record an event that the caller reports. No decision and no verdict reads it."""
    given: EventReport = call.body
    wanted = Report(
        event_type=given.event_type,
        package=given.package,
        version=given.version,
        certificate_id=given.cert_id,
        said=call.content,
    )
    call.placet.chronicle.check(wanted)
    call.authenticated.check_scope(Verb.REPORT, given.package or ANY)
    return Answer(status=201, document={"success": True, **await call.placet.chronicle.report(wanted)})


async def list_(call: Call) -> Answer:
    """List events, newest first."""
    query: EventQuery = call.query
    asked = {name: getattr(query, name) for name in _FILTERS}
    return Answer(document=await call.placet.chronicle.list(asked, offset=query.offset, limit=query.limit))


async def show(call: Call) -> Answer:
    """Show an event, with its place in the ledger and the proof of it."""
    return Answer(document=await call.placet.chronicle.show(call.path["event_id"]))


async def of_package(call: Call) -> Answer:
    """List the events of a package, oldest first."""
    query: PackageEventsQuery = call.query
    found = await call.placet.chronicle.of_package(call.path["package"], offset=query.offset, limit=query.limit)
    return Answer(document=found)


_SERVED = (
    Route(
        method="GET",
        path="/chronicle",
        handler=about,
        summary="Tell what the Chronicle is",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: ChronicleService},
    ),
    Route(
        method="POST",
        path="/chronicle/events",
        handler=report,
        summary="Report an event",
        tag=_TAG,
        scope=Verb.REPORT,
        body=EventReport,
        answers={201: Reported},
        codes=_CODES,
        limit_bytes=_REPORT_LIMIT_BYTES,
        links={
            "registry_register": {
                "requestBody": {
                    "package_name": "$request.body#/package",
                    "version": "$request.body#/version",
                    "cert_id": "$request.body#/cert_id",
                    "chronicle_event_id": "$response.body#/event_id",
                }
            }
        },
    ),
    Route(
        method="GET",
        path="/chronicle/events",
        handler=list_,
        summary="List events",
        tag=_TAG,
        access=Access.PUBLIC,
        query=EventQuery,
        answers={200: Events},
        codes=("EVENT_INVALID", "NAME_INVALID", "QUERY_INVALID", "TIME_INVALID"),
    ),
    Route(
        method="GET",
        path="/chronicle/events/{event_id}",
        handler=show,
        summary="Show an event",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: LedgeredEvent},
        codes=("NOT_FOUND",),
    ),
    Route(
        method="GET",
        path="/chronicle/packages/{package}/events",
        handler=of_package,
        summary="List the events of a package",
        tag=_TAG,
        access=Access.PUBLIC,
        query=PackageEventsQuery,
        answers={200: PackageEvents},
        codes=("NAME_INVALID",),
    ),
)
ROUTES: tuple[Route, ...] = (*_SERVED, description("/chronicle/openapi.json", _SERVED, title="ChittyOS Chronicle"))
