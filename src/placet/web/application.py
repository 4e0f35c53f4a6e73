"""A request becomes a call of its route, and whatever comes of it an answer. Nothing is decided here."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import lru_cache

import msgspec
import structlog
from msgspec.structs import replace
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from placet.errors import DeniedError, PlacetError, UnavailableError
from placet.facade import NOBODY, Caller, Placet
from placet.web.addresses import client_address, group_of
from placet.web.body import announced_length, limited, parse_body, read_query, whole_body
from placet.web.cookies import SESSION, Cookies
from placet.web.credentials import shown_credential
from placet.web.headers import Header, security_headers
from placet.web.problems import RETRY_AFTER_SECONDS, internal, problem
from placet.web.raw_path import segments
from placet.web.reports import Exchange
from placet.web.route import Access, Answer, Call, Route
from placet.web.router import Router, check_names, nothing
from placet.web.terms import Terms

_log = structlog.get_logger()
_REQUEST_ID_BYTES = 9
_READ_ANYWAY_BYTES = 64 * 1024
_CALLERS_AT_HAND = 64
_WITHOUT_CONTENT = frozenset({204, 304})
_DENIED_AT_THE_EDGE = frozenset({"UNAUTHENTICATED", "SCOPE_INSUFFICIENT", "CROSS_SITE", "REQUESTER_MISMATCH"})
"""Every other denial was recorded where it was made."""


class Application:
    """The service as ASGI sees it, over one open installation."""

    def __init__(self, placet: Placet, routes: Sequence[Route], terms: Terms) -> None:
        """Serve `routes` with the verbs of `placet`, on these `terms`."""
        self._placet = placet
        self._acting_as = lru_cache(maxsize=_CALLERS_AT_HAND)(placet.acting_as)
        self._router = Router(routes)
        self._terms = terms
        self._cookies = Cookies(base_url=placet.public_base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the life of the process is not this object's."""
        if scope["type"] != "http":
            return
        clock = asyncio.get_running_loop().time
        began = clock()
        receiving = _Receiving(receive, scope)
        request = Request(scope, receiving)
        exchange = Exchange(
            request_id=secrets.token_urlsafe(_REQUEST_ID_BYTES), address=self._address(request), method=request.method
        )
        answer = await self._answer(request, exchange)
        headers = [*security_headers(tls=self._terms.tls), *_closing(receiving), *_own(answer)]
        headers.append((b"x-request-id", exchange.request_id.encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})
        self._terms.reports.answered(exchange, answer.status, clock() - began)

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        trusted = self._terms.trusted
        forwarded = request.headers.getlist("x-forwarded-for") if trusted.of else ()
        return client_address(peer, forwarded, trusted)

    async def _answer(self, request: Request, exchange: Exchange) -> Answer:
        try:
            return _encoded(await self._called(request, exchange))
        except PlacetError as error:
            exchange.code = error.code
            await self._record(request, exchange, error)
            return _encoded(problem(error, request_id=exchange.request_id))
        except Exception:  # noqa: BLE001 - the last stop: what nobody foresaw is logged, and told as a bug
            exchange.code = "INTERNAL"
            self._terms.reports.bug(exchange)
            return _encoded(internal(request_id=exchange.request_id))

    async def _record(self, request: Request, exchange: Exchange, error: PlacetError) -> None:
        """Record a denial that the inside does not know of: denied is denied, also where nobody can write it down."""
        if not isinstance(error, DeniedError) or error.code not in _DENIED_AT_THE_EDGE:
            return
        try:
            shown = shown_credential(request.scope["headers"]) if exchange.caller is None else ""
            principal = exchange.caller.principal_id if exchange.caller else ""
            if shown or principal:  # who shows nothing has tried nothing
                await self._placet.denials.record(
                    error, source=group_of(exchange.address), principal_id=principal, shown=shown
                )
        except UnavailableError as unavailable:
            _log.warning("a denial is not on record", request_id=exchange.request_id, why=str(unavailable))

    async def _called(self, request: Request, exchange: Exchange) -> Answer:
        gate, patience = self._terms.gate, self._terms.patience
        gate.from_address(exchange.address)
        route, parameters = self._router.find(request.method, segments(request.scope["raw_path"]))
        if route.access is Access.MACHINE and not self._terms.is_private(request):
            raise nothing()
        check_names(parameters)
        exchange.route = route
        caller = await self._caller(request, route, exchange)
        query = read_query(request, route)
        room = self._terms.room
        content = await whole_body(request, route, room, patience=patience)
        try:
            async with self._turn(route):
                body = await room.turn_to_read(len(content), lambda: parse_body(content, route))
                call = Call(
                    placet=self._acting_as(caller or NOBODY),
                    caller=caller,
                    path=parameters,
                    query=query,
                    body=body.typed,
                    unknown=body.unknown,
                    content=body.content,
                    stream=limited(request, route, patience=patience),
                    headers=request.headers,
                    charge=lambda cost: gate.charge_key(caller.credential_id, cost) if caller else None,
                    standing=self._terms.standing,
                )
                return await route.handler(call)
        finally:
            room.give_back(len(content))

    def _turn(self, route: Route) -> AbstractAsyncContextManager[None]:
        if route.at_once:
            return nullcontext()
        gate = self._terms.gate
        return (gate.uploads if isinstance(route.body, str) else gate.queue).turn()

    async def _caller(self, request: Request, route: Route, exchange: Exchange) -> Caller | None:
        """Return who asks, counted; who shows a key that is good for nothing is told so even where none is needed.

        Where no header shows anything, a session's cookie does; one that is over shows nothing, so
        that its browser may sign in again.
        """
        shown = shown_credential(request.scope["headers"])
        kept = "" if shown else self._cookies.shown(SESSION, request.headers)
        exchange.caller = caller = await self._placet.keys.authenticate(shown or kept) if shown or kept else None
        if caller is not None:
            self._terms.gate.with_key(caller.credential_id)
            if kept:
                self._cookies.check_own_page(request.method, request.headers)
        elif shown or route.access is Access.KEY:
            raise DeniedError(
                "UNAUTHENTICATED",
                "the key is unknown, revoked or out of time" if shown else "this needs a key, or a session",
                hint="send a good key as X-API-Key or as Authorization: Bearer, or sign in: /auth/login",
            )
        return caller


class _Receiving:
    """Receives a request's body, and knows whether too much of it to be read in passing is still to come."""

    def __init__(self, receive: Receive, scope: Scope) -> None:
        self._receive = receive
        self.unread = any(_announces_much(name, value) for name, value in scope["headers"])

    async def __call__(self) -> Message:
        """Return the next part."""
        message = await self._receive()
        if not message.get("more_body", False):
            self.unread = False
        return message


def _announces_much(name: bytes, value: bytes) -> bool:
    if name == b"content-length":
        announced = announced_length(value.decode("latin-1"))
        return announced is None or announced > _READ_ANYWAY_BYTES
    return name == b"transfer-encoding"


def _closing(receiving: _Receiving) -> Sequence[Header]:
    """Return what says that the connection ends: what else is sent on it is not read."""
    return ((b"connection", b"close"),) if receiving.unread else ()


def _own(answer: Answer) -> Iterator[Header]:
    """Yield the headers that are the answer's own."""
    if answer.status not in _WITHOUT_CONTENT:
        yield b"content-length", b"%d" % len(answer.content)
        yield b"content-type", answer.media_type.encode()
    if answer.status in RETRY_AFTER_SECONDS and "retry-after" not in answer.headers:
        yield b"retry-after", b"%d" % RETRY_AFTER_SECONDS[answer.status]
    for name, value in answer.headers.items():
        yield name.encode(), value.encode()
    for cookie in answer.cookies:
        yield b"set-cookie", cookie.encode()


def _encoded(answer: Answer) -> Answer:
    return answer if answer.document is None else replace(answer, content=msgspec.json.encode(answer.document))
