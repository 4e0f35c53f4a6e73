"""The service's own description."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from placet.web.openapi import openapi
from placet.web.route import Access, Answer, Call, Route

_TAG = "description"


def description(path: str, routes: Sequence[Route], *, title: str) -> Route:
    """Return the route at `path` that describes `routes`, itself included."""

    @cache
    def described(base_url: str) -> bytes:
        return msgspec.json.encode(openapi([*routes, route], title=title, base_url=base_url))

    async def describe(call: Call) -> Answer:
        """Answer the OpenAPI description of the service."""
        return Answer(content=described(call.placet.public_base_url))

    describe.__name__ = "describe" + path.replace("/", "_").removesuffix(".json")
    route = Route(
        method="GET",
        path=path,
        handler=describe,
        summary="Describe the service",
        tag=_TAG,
        access=Access.PUBLIC,
        answers={200: "application/json"},
    )
    return route
