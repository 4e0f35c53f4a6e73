"""The mode that what is approved is performed in, search, and who may see which packages."""

from __future__ import annotations

from placet.errors import InvalidInputError
from placet.usecases.search import Kind
from placet.web.documents.governance import (
    GovernedAct,
    Hits,
    Mode,
    SearchQuery,
    Visibilities,
    VisibilitySaid,
    VisibilityWanted,
)
from placet.web.route import Answer, Call, Route
from placet.web.routes.policy import GOVERNED

_TAG = "looking"
_VISIBILITY = "/api/v1/visibility"


async def mode(call: Call) -> Answer:
    """Tell in which mode this service performs what is approved."""
    return Answer(document=await call.placet.publishing.mode())


async def search(call: Call) -> Answer:
    """Find packages, certificates, events, receipts and runs, of those that the key may see."""
    query: SearchQuery = call.query
    if query.type and query.type not in tuple(Kind):
        raise InvalidInputError("QUERY_INVALID", f"{query.type[:40]!a} is no type", hint=f"one of {', '.join(Kind)}")
    found = await call.placet.publishing.search(query.q, kind=query.type, limit=query.limit, after=query.after)
    return Answer(document=found)


async def visibilities(call: Call) -> Answer:
    """List who may see packages, of those that a scope of the key is about, and of every other one."""
    return Answer(document=await call.placet.visibility.list())


async def visibility(call: Call) -> Answer:
    """Tell who may see a package, to who holds a scope about it."""
    return Answer(document=await call.placet.visibility.show(call.path["package"]))


async def change_visibility(call: Call) -> Answer:
    """Ask that a package, or every other one, be seen by everybody or not."""
    wanted: VisibilityWanted = call.body
    done = await call.placet.visibility.change(wanted.package, wanted.visibility, requester=wanted.requester)
    return Answer(document=done)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/mode",
        handler=mode,
        summary="Tell the current mode",
        tag=_TAG,
        answers={200: Mode},
    ),
    Route(
        method="GET",
        path="/api/v1/search",
        handler=search,
        summary="Find packages, certificates, events, receipts and runs",
        tag=_TAG,
        query=SearchQuery,
        answers={200: Hits},
        codes=("QUERY_INVALID", "CURSOR_INVALID"),
    ),
    Route(
        method="GET",
        path=_VISIBILITY,
        handler=visibilities,
        summary="List who may see which packages",
        tag=_TAG,
        answers={200: Visibilities},
    ),
    Route(
        method="POST",
        path=_VISIBILITY,
        handler=change_visibility,
        summary="Ask that a package be seen by others",
        tag=_TAG,
        body=VisibilityWanted,
        answers={200: GovernedAct},
        codes=(*GOVERNED, "VISIBILITY_INVALID", "NAME_INVALID"),
    ),
    Route(
        method="GET",
        path=f"{_VISIBILITY}/{{package}}",
        handler=visibility,
        summary="Tell who may see a package",
        tag=_TAG,
        answers={200: VisibilitySaid},
        codes=("NAME_INVALID",),
    ),
)
