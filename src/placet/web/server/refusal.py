"""Answers to what never became a request: written by the connection itself, as problems like all others."""

from __future__ import annotations

import http
import secrets
from collections.abc import Callable, Iterable

import msgspec

from placet.errors import PlacetError
from placet.web.headers import Header
from placet.web.problems import problem

Refuse = Callable[[PlacetError, str], bytes]
"""Makes the bytes of a whole answer of a refusal to some address, and tells whoever keeps count."""
Told = Callable[[str, str, int, str], None]
"""Told of each: request id, code, status and address."""
REQUEST_ID_BYTES = 9


def refusing(headers: Iterable[Header], told: Told) -> Refuse:
    """Return what answers with a problem document under these `headers`, and closes the connection."""
    always = {name.decode(): value.decode() for name, value in headers}

    def refuse(error: PlacetError, address: str) -> bytes:
        request_id = secrets.token_urlsafe(REQUEST_ID_BYTES)
        answer = problem(error, request_id=request_id)
        content = msgspec.json.encode(answer.document)
        told(request_id, error.code, answer.status, address)
        lines = {
            **always,
            **answer.headers,
            "content-type": answer.media_type,
            "content-length": str(len(content)),
            "x-request-id": request_id,
            "connection": "close",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        phrase = http.HTTPStatus(answer.status).phrase
        return f"HTTP/1.1 {answer.status} {phrase}\r\n{head}\r\n".encode("ascii") + content

    return refuse
