"""A request becomes a call of its route, and whatever comes of it an answer. Nothing is decided here."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from placet.errors import DeniedError, PlacetError
from placet.facade import NOBODY, Caller, Placet
from placet.web.body import limited, read_body, read_query
from placet.web.cookies import SESSION, Cookies
from placet.web.credentials import shown_credential
from placet.web.problems import internal, problem
from placet.web.raw_path import segments
from placet.web.route import Access, Answer, Call, Route
from placet.web.router import Router

_log = logging.getLogger(__name__)
_REQUEST_ID_BYTES = 9
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Application:
    """The service as ASGI sees it, over one open installation."""

    def __init__(self, placet: Placet, routes: Sequence[Route]) -> None:
        """Serve `routes` with the verbs of `placet`."""
        self._placet = placet
        self._router = Router(routes)
        self._cookies = Cookies(base_url=placet.public_base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the life of the process is not this object's."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        request_id = secrets.token_urlsafe(_REQUEST_ID_BYTES)
        answer = await self._answer(request, request_id)
        await _response(answer, request_id)(scope, receive, send)

    async def _answer(self, request: Request, request_id: str) -> Answer:
        try:
            return await self._called(request)
        except PlacetError as error:
            return problem(error, request_id=request_id)
        except Exception:  # noqa: BLE001 - the last stop: what nobody foresaw is logged, and told as a bug
            _log.exception("request %s failed", request_id)
            return internal(request_id=request_id)

    async def _called(self, request: Request) -> Answer:
        route, parameters = self._router.find(request.method, segments(request.scope["raw_path"]))
        caller = await self._caller(request, route)
        query = read_query(request, route)
        body = await read_body(request, route)
        call = Call(
            placet=self._placet.acting_as(caller or NOBODY),
            caller=caller,
            path=parameters,
            query=query,
            body=body.typed,
            unknown=body.unknown,
            content=body.content,
            stream=limited(request, route),
            headers=request.headers,
        )
        return await route.handler(call)

    async def _caller(self, request: Request, route: Route) -> Caller | None:
        """Return who asks; who shows a key that is good for nothing is told so even where none is needed.

        Where no header shows anything, a session's cookie does; one that is over shows nothing, so
        that its browser may sign in again.
        """
        shown = shown_credential(request.scope["headers"])
        kept = "" if shown else self._cookies.shown(SESSION, request.headers)
        caller = await self._placet.keys.authenticate(shown or kept) if shown or kept else None
        if caller is not None and kept:
            self._cookies.check_own_page(request.method, request.headers)
        if caller is None and (shown or route.access is not Access.PUBLIC):
            raise DeniedError(
                "UNAUTHENTICATED",
                "the key is unknown, revoked or out of time" if shown else "this needs a key, or a session",
                hint="send a good key as X-API-Key or as Authorization: Bearer, or sign in: /auth/login",
            )
        return caller


def _response(answer: Answer, request_id: str) -> Response:
    content = answer.content if answer.document is None else _encoded(answer.document)
    closing = {"connection": "close"} if answer.status in (408, 413) else {}  # what else it sends is not read
    headers = {**SECURITY_HEADERS, **answer.headers, **closing, "x-request-id": request_id}
    response = Response(content, answer.status, headers, answer.media_type)
    for cookie in answer.cookies:
        response.headers.append("set-cookie", cookie)
    return response


def _encoded(document: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds
    return msgspec.json.encode(document)
