"""One endpoint as data: the server and its OpenAPI description are both made from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct, field

from placet.errors import DeniedError
from placet.facade import Caller, Placet
from placet.web.standing import Standing

JSON_LIMIT_BYTES = 256 * 1024


class Access(Enum):
    """Who may call a route at all; what they may do is decided behind it."""

    PUBLIC = "public"
    KEY = "key"
    MACHINE = "machine"
    """Only who asks from this machine itself: for all others there is nothing here."""


class Call(Struct, kw_only=True):
    """A request that fits its route: its parameters, body and caller, and the verbs as that caller may use them.

    `body` and `query` are of the types that the route names; `unknown` names the members of the
    body that the type does not have, with their values; `content` is the body as it came; `stream`
    yields a body of the route's own kind.
    `charge` counts what costs more than a request as so many more of the caller's: its next ones wait for them.
    `standing` is how the process stands that serves it.
    """

    placet: Placet
    caller: Caller | None
    path: Mapping[str, str]
    query: Any
    body: Any
    unknown: Mapping[str, Any]
    content: bytes
    stream: AsyncIterator[bytes]
    headers: Mapping[str, str]
    charge: Callable[[int], None]
    standing: Standing

    @property
    def authenticated(self) -> Caller:
        """Return the caller of a route that needs one."""
        if self.caller is None:  # the application has answered 401 before
            raise DeniedError("UNAUTHENTICATED", "this needs a key")
        return self.caller


class Answer(Struct, frozen=True, kw_only=True):
    """What is sent back: a JSON document, or bytes of another kind; `cookies` are for the browser to keep."""

    status: int = 200
    document: Mapping[str, Any] | None = None
    content: bytes = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


Handler = Callable[[Call], Awaitable[Answer]]
Shape = type[msgspec.Struct] | str | None
"""A document's type, the media type of what is no document, or None where nothing is sent."""


class Route(Struct, frozen=True, kw_only=True):
    """One endpoint.

    `path` has literal segments and `{parameters}`; `{package}` stands for a name, whose scope's slash
    may be encoded. `answers` maps each status of success to its shape; `codes` are the failures that it may
    answer beside those of every route. `links` says by name which routes an answer leads to with more than an
    id, as OpenAPI has it: all other links are read off the table. `performs` is for what carries out planned
    operations: whatever can block one may be its failure. `at_once` is for what costs next to nothing, and has
    to be answered however much is going on.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    answers: Mapping[int, Shape]
    access: Access = Access.KEY
    scope: str = ""
    body: type[msgspec.Struct] | str | None = None
    query: type[msgspec.Struct] | None = None
    codes: tuple[str, ...] = ()
    links: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    limit_bytes: int = JSON_LIMIT_BYTES
    performs: bool = False
    at_once: bool = False
