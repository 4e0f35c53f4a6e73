"""Bodies and queries: limits first, then strict JSON, then the type that the route names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from starlette.requests import ClientDisconnect, Request

from placet.domain.encoding.foreign_json import read_foreign_object
from placet.errors import InvalidInputError
from placet.web.route import Route

TIMEOUT_SECONDS = 30.0
_QUERY_LIMIT = 4096
_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body as its route's type, with the members that the type does not have, and as it came."""

    typed: Any = None
    unknown: Mapping[str, Any] = field(default_factory=dict)
    content: bytes = field(default=b"", repr=False)


async def read_body(request: Request, route: Route) -> Body:
    """Return the body as the route's type; one of the route's own kind is left to be read as it comes.

    Raise `InvalidInputError`: `BODY_TOO_LARGE` before anything is read where the sender says so,
    `BODY_TIMEOUT`, `MEDIA_TYPE_UNSUPPORTED`, `BODY_INVALID`, and `MISSING_REQUIRED_FIELDS`.
    """
    check_length(request, route)
    if not isinstance(route.body, type):
        return Body()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise InvalidInputError("MEDIA_TYPE_UNSUPPORTED", "the body is to be JSON", hint=f"send content-type: {_JSON}")
    content = await _whole(request, route)
    members = read_foreign_object(content, what="the body", code="BODY_INVALID")
    known = {each.encode_name for each in msgspec.structs.fields(route.body)}
    return Body(
        typed=typed({name: value for name, value in members.items() if name in known}, route.body),
        unknown={name: value for name, value in members.items() if name not in known},
        content=content,
    )


def check_length(request: Request, route: Route) -> None:
    """Refuse a body that says of itself that it is too long, or that has no business here, before it is read."""
    limit = route.limit_bytes if route.body is not None else 0
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > limit:
        raise _too_large(limit)


def read_query(request: Request, route: Route) -> Any:  # noqa: ANN401 - of the type that the route names
    """Return the query as the route's type; raise `InvalidInputError` (`QUERY_INVALID`)."""
    raw = request.scope["query_string"]
    if len(raw) > _QUERY_LIMIT:
        raise InvalidInputError("QUERY_INVALID", f"a query has at most {_QUERY_LIMIT} bytes")
    values: dict[str, str] = {}
    for pair in raw.decode("latin-1").split("&") if raw else ():
        name, _, value = pair.partition("=")
        try:
            name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
        except UnicodeDecodeError as error:
            raise InvalidInputError("QUERY_INVALID", "the query is not UTF-8") from error
        if name in values or not value.isprintable():
            raise InvalidInputError("QUERY_INVALID", "the query names something twice, or holds what cannot be shown")
        values[name] = value
    if route.query is None:
        return None
    try:
        return msgspec.convert(values, route.query, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError("QUERY_INVALID", f"the query does not fit: {error}") from error


def typed(members: Mapping[str, Any], shape: type[msgspec.Struct]) -> Any:  # noqa: ANN401 - of the type `shape`
    """Return the members as `shape`; raise `InvalidInputError` (`MISSING_REQUIRED_FIELDS`, `BODY_INVALID`)."""
    missing = [
        field.encode_name
        for field in msgspec.structs.fields(shape)
        if field.required and members.get(field.encode_name) in (None, "")
    ]
    if missing:
        raise InvalidInputError("MISSING_REQUIRED_FIELDS", f"the body lacks {', '.join(missing)}")
    try:
        return msgspec.convert(members, shape)
    except msgspec.ValidationError as error:
        raise InvalidInputError("BODY_INVALID", f"the body does not fit: {error}") from error


async def limited(request: Request, route: Route) -> AsyncIterator[bytes]:
    """Yield the body as it comes, up to the route's limit and the time that a body may take.

    Raise `InvalidInputError` (`BODY_TOO_LARGE`, `BODY_TIMEOUT`).
    """
    seen = 0
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except (TimeoutError, ClientDisconnect) as error:
            raise InvalidInputError("BODY_TIMEOUT", "the body did not come in time") from error
        seen += len(chunk)
        if seen > route.limit_bytes:
            raise _too_large(route.limit_bytes)
        yield chunk


async def _whole(request: Request, route: Route) -> bytes:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return b"".join([chunk async for chunk in limited(request, route)])
    except TimeoutError as error:
        raise InvalidInputError("BODY_TIMEOUT", "the body did not come in time") from error


def _too_large(limit: int) -> InvalidInputError:
    return InvalidInputError("BODY_TOO_LARGE", f"a body here has at most {limit} bytes", hint="send less")
