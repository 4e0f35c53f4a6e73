"""Bodies and queries: limits first, then strict JSON, then the type that the route names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache
from typing import Any, TypeVar
from urllib.parse import unquote_plus

import msgspec
from msgspec import field
from starlette.requests import Request

from placet.domain.encoding.foreign_json import read_foreign_object
from placet.domain.values.unshown import Unshown
from placet.errors import InvalidInputError, UnavailableError
from placet.web.route import Route

T = TypeVar("T")
_LEAST_BYTES_PER_SECOND = 16 * 1024
_MOST_DIGITS = 19
_QUERY_LIMIT = 4096
_QUICK_BYTES = 16 * 1024
_JSON = "application/json"
_QUERY_HINT = "send the parameters that /openapi.json describes for this path, each once"


class Body(Unshown, frozen=True, kw_only=True):
    """A body as its route's type, with the members that the type does not have, and as it came."""

    typed: Any = None
    unknown: Mapping[str, Any] = field(default_factory=dict)
    content: bytes = b""


class Room:
    """How many bytes of bodies there are at one time, whoever sends them and however slowly."""

    def __init__(self, most: int) -> None:
        """Keep at most `most` bytes."""
        self.used = 0
        self._most = most
        self._reading = asyncio.Lock()

    def take(self, size: int) -> None:
        """Take room for `size` bytes; raise `UnavailableError` (`BUSY`) where there is none."""
        if self.used + size > self._most:
            raise UnavailableError("BUSY", "too many bodies are being sent here", hint="try again in a moment")
        self.used += size

    def give_back(self, size: int) -> None:
        """Give back what `take` took."""
        self.used -= size

    async def turn_to_read(self, size: int, read: Callable[[], T]) -> T:
        """Return what `read` makes of a text of `size` bytes.

        Reading a long one keeps the process busy for a tenth of a second. So there is one at a time,
        and everybody else has a turn before the next.
        """
        if size <= _QUICK_BYTES:
            return read()
        async with self._reading:
            await asyncio.sleep(0)
            return read()


async def whole_body(request: Request, route: Route, room: Room, *, patience: float) -> bytes:
    """Return the JSON body that the route takes, empty where it takes none; who is done with it gives its room back.

    Raise `InvalidInputError`: `BODY_TOO_LARGE` before anything is read where the sender says so,
    `BODY_TIMEOUT`, and `MEDIA_TYPE_UNSUPPORTED`; `UnavailableError` (`BUSY`).
    """
    check_length(request, route)
    if not isinstance(route.body, type):
        return b""
    check_media_type(request)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in limited(request, route, patience=patience):
            room.take(len(chunk))
            size += len(chunk)
            chunks.append(chunk)
    except BaseException:  # raised on: only the room must not stay taken
        room.give_back(size)
        raise
    return b"".join(chunks)


def parse_body(content: bytes, route: Route) -> Body:
    """Return the body as the route's type, and the members that the type does not have.

    Raise `InvalidInputError`: `BODY_INVALID`, `MISSING_REQUIRED_FIELDS`.
    """
    if not isinstance(route.body, type):
        return Body()
    members = read_foreign_object(content, what="the body", code="BODY_INVALID")
    known = _fields(route.body)
    unknown = {name: value for name, value in members.items() if name not in known}
    if unknown and route.body.__struct_config__.forbid_unknown_fields:
        raise InvalidInputError("BODY_INVALID", f"{min(unknown)[:80]!a} is no member of this body")
    return Body(
        typed=typed({name: value for name, value in members.items() if name in known}, route.body),
        unknown=unknown,
        content=content,
    )


@cache
def _fields(shape: type[msgspec.Struct]) -> Mapping[str, bool]:
    """Return the members of `shape`, each with whether it must be there."""
    return {each.encode_name: each.required for each in msgspec.structs.fields(shape)}


def check_media_type(request: Request) -> None:
    """Raise `InvalidInputError` (`MEDIA_TYPE_UNSUPPORTED`) where the body is said to be something else than JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise InvalidInputError("MEDIA_TYPE_UNSUPPORTED", "the body is to be JSON", hint=f"send content-type: {_JSON}")


def check_length(request: Request, route: Route) -> None:
    """Refuse a body that says of itself that it is too long, or that has no business here, before it is read."""
    limit = route.limit_bytes if route.body is not None else 0
    announced = announced_length(request.headers.get("content-length", "0"))
    if announced is None or announced > limit:
        raise _too_large(limit)


def announced_length(said: str) -> int | None:
    """Return the length that a `Content-Length` says, None for one that no body has: Python reads no longer digits."""
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else None


def read_query(request: Request, route: Route) -> Any:  # noqa: ANN401 - of the type that the route names
    """Return the query as the route's type; raise `InvalidInputError` (`QUERY_INVALID`)."""
    raw = request.scope["query_string"]
    if len(raw) > _QUERY_LIMIT:
        raise InvalidInputError("QUERY_INVALID", f"a query has at most {_QUERY_LIMIT} bytes", hint=_QUERY_HINT)
    values: dict[str, str] = {}
    for pair in raw.decode("latin-1").split("&") if raw else ():
        name, _, value = pair.partition("=")
        try:
            name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
        except UnicodeDecodeError as error:
            raise InvalidInputError("QUERY_INVALID", "the query is not UTF-8", hint=_QUERY_HINT) from error
        if name in values or not value.isprintable():
            raise InvalidInputError(
                "QUERY_INVALID", "the query names something twice, or holds what cannot be shown", hint=_QUERY_HINT
            )
        values[name] = value
    if route.query is None:
        return None
    try:
        return msgspec.convert(values, route.query, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError("QUERY_INVALID", f"the query does not fit: {error}", hint=_QUERY_HINT) from error


def typed(members: Mapping[str, Any], shape: type[msgspec.Struct]) -> Any:  # noqa: ANN401 - of the type `shape`
    """Return the members as `shape`; raise `InvalidInputError` (`MISSING_REQUIRED_FIELDS`, `BODY_INVALID`)."""
    missing = [name for name, needed in _fields(shape).items() if needed and members.get(name) in (None, "")]
    if missing:
        raise InvalidInputError("MISSING_REQUIRED_FIELDS", f"the body lacks {', '.join(missing)}")
    try:
        return msgspec.convert(members, shape)
    except msgspec.ValidationError as error:
        raise InvalidInputError("BODY_INVALID", f"the body does not fit: {error}") from error


async def limited(request: Request, route: Route, *, patience: float) -> AsyncIterator[bytes]:
    """Yield the body as it comes, up to the route's limit, with no pause longer than `patience` seconds.

    All of it has to come within that time and as long as its bytes take at 16 KiB a second: who
    sends a byte now and then holds nothing for long. Raise `InvalidInputError` (`BODY_TOO_LARGE`, `BODY_TIMEOUT`).
    """
    seen = 0
    clock = asyncio.get_running_loop().time
    began = clock()
    more = True
    while more:
        due = min(clock() + patience, began + patience + seen / _LEAST_BYTES_PER_SECOND)
        try:
            async with asyncio.timeout_at(due):
                message = await request.receive()
        except TimeoutError as error:
            raise _too_late() from error
        if message["type"] == "http.disconnect":
            raise _too_late()
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        seen += len(chunk)
        if seen > route.limit_bytes:
            raise _too_large(route.limit_bytes)
        yield chunk


def _too_late() -> InvalidInputError:
    return InvalidInputError("BODY_TIMEOUT", "the body did not come in time")


def _too_large(limit: int) -> InvalidInputError:
    return InvalidInputError("BODY_TOO_LARGE", f"a body here has at most {limit} bytes", hint="send less")
