"""One client's connection: what it may send before a route is known, and how long that may take (attacks A57).

uvicorn bounds neither the size nor the time of a request's head. Here both are bounded, as is how
long a connection may idle, not be read from, or take to end; and the path is handed on exactly as
it was sent (attacks A51).
"""

from __future__ import annotations

import asyncio
from typing import TypeAlias, cast

import httptools
import uvicorn
from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from placet.errors import InvalidInputError, PlacetError, UnavailableError
from placet.web.addresses import plain
from placet.web.server.crowd import Crowd
from placet.web.server.ending import Ending
from placet.web.server.refusal import Refuse

_Timer: TypeAlias = asyncio.TimerHandle
_VERSIONS = ("1.0", "1.1")
_OF_A_BODY = frozenset({b"content-length", b"transfer-encoding"})
_PIECE_BYTES = 16 * 1024
READ_BYTES = 16 * 1024
"""So much is read of a socket at one time; asyncio would read 256 KiB, and keep room for it for each TLS connection."""


class Patience(Struct, frozen=True, kw_only=True):
    """What one connection may take of us.

    `head_bytes` is everything before the body. `seconds` is how long it may take to send a head, how
    long it may idle between requests, and how long it may read nothing of an answer.
    """

    target_bytes: int = 8 * 1024
    head_bytes: int = 16 * 1024
    headers: int = 64
    waiting_requests: int = 8
    requests: int = 10_000
    seconds: float = 30
    ending_seconds: float = 2


class House(Struct, frozen=True, kw_only=True):
    """What all connections of one listener share."""

    config: uvicorn.Config
    state: ServerState
    crowd: Crowd
    refuse: Refuse
    patience: Patience


class _RefusedError(Exception):
    """What stops the parser in the middle of a head."""


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 connection, with bounds."""

    def __init__(self, house: House) -> None:
        """Serve in `house`."""
        super().__init__(config=house.config, server_state=house.state, app_state={})
        self._house = house
        self._patience = house.patience
        self._address: str | None = None
        self._ending: Ending = cast("Ending", None)  # until there is a connection
        self._refusal: PlacetError | None = None
        self._due: _Timer | None = None
        self._stalled: _Timer | None = None
        self._in_head = False
        self._began = False
        self._head_bytes = self._fed_bytes = self._hosts = self._requests = 0

    # asyncio's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection in where there is room."""
        transport.max_size = READ_BYTES  # type: ignore[attr-defined]  # of asyncio's transports of sockets
        self._ending = Ending(transport, self.loop, seconds=self._patience.ending_seconds)
        peer = transport.get_extra_info("peername")
        address = plain(str(peer[0])) if isinstance(peer, tuple) else ""
        if not self._house.crowd.admit(address):
            self.transport = self._ending
            self._refuse(UnavailableError("BUSY", "there are too many connections", hint="try again in a moment"))
            return
        self._address = address
        super().connection_made(self._ending)
        self._expect(self._patience.seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._expect(None)
        self.resume_writing()
        if self._address is not None:
            self._house.crowd.leave(self._address)
            self._address = None
            super().connection_lost(exc)
        self._ending.lost()

    def data_received(self, data: bytes) -> None:
        """Parse what came, in pieces so small that no unfinished header is long."""
        for at in range(0, len(data), _PIECE_BYTES):
            piece = data[at : at + _PIECE_BYTES]
            if self._ending.is_closing():
                self._ending.throw_away(piece)
            else:
                self._parse(piece)

    def _parse(self, piece: bytes) -> None:
        self._began = False
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:  # it asked for another protocol: answered as if it had not, and then ended
            self.cycle.keep_alive = False
        except httptools.HttpParserError:
            self._refuse(self._refusal or _malformed())
            return
        if self._in_head and not self._began:
            self._fed_bytes += len(piece)
            if self._fed_bytes > self._patience.head_bytes:
                self._refuse(_head_too_large(f"{self._patience.head_bytes} bytes"))

    def pause_writing(self) -> None:
        """Wait for who does not read, but not for ever."""
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(self._patience.seconds, self._ending.abort)

    def resume_writing(self) -> None:
        """Go on: it was read."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        if self.flow is not None:
            super().resume_writing()

    # the parser's side

    def on_message_begin(self) -> None:
        """Begin a request, whose head has to come soon."""
        super().on_message_begin()
        self._in_head = self._began = self._ending.unread = True
        self._head_bytes = self._fed_bytes = self._hosts = 0
        self._expect(self._patience.seconds)

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's target."""
        super().on_url(url)
        if len(self.url) > self._patience.target_bytes:
            self._stop(InvalidInputError("PATH_TOO_LONG", f"a path has at most {self._patience.target_bytes} bytes"))
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; what comes behind a body in chunks is none: nobody asks to be believed so late."""
        if not self._in_head:
            self._count(len(name) + len(value) + 4)
            return
        super().on_header(name, value)
        self._hosts += name.lower() == b"host"
        if name.lower() == b"transfer-encoding" and value.lower() != b"chunked":
            self._stop(InvalidInputError("REQUEST_MALFORMED", "a body comes as it is, or in chunks"))
        if len(self.headers) > self._patience.headers:
            self._stop(_head_too_large(f"{self._patience.headers} headers"))
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """Hand the request on, its path as it was sent."""
        self._in_head = False
        self._expect(None)
        path, _, query = self.url.partition(b"?")
        if not path.startswith(b"/") or b"#" in self.url or not self.url.isascii():
            self._stop(_no_path())
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            self._stop(_malformed())
        if self._hosts > 1 or (self._hosts == 0 and version == "1.1"):
            self._stop(InvalidInputError("REQUEST_MALFORMED", "a request has one Host header"))
        if self.parser.should_upgrade() and any(name in _OF_A_BODY and value != b"0" for name, value in self.headers):
            self._stop(_no_upgrade())  # the parser takes what follows for the other protocol's
        if len(self.pipeline) >= self._patience.waiting_requests:
            self._stop(InvalidInputError("REQUEST_MALFORMED", "too many requests wait for their answers here"))
        super().on_headers_complete()
        self.scope["raw_path"], self.scope["query_string"] = path, query
        self._requests += 1
        if self._requests >= self._patience.requests:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, and read no more before it is asked for."""
        super().on_body(body)
        if len(self.cycle.body) > READ_BYTES and not self.cycle.response_complete:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """End the request's body."""
        self._ending.unread = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, but not for ever."""
        super().on_response_complete()
        self._unset_keepalive_if_required()  # ours is not put off by a blank line now and then
        if not self._in_head and not self.pipeline and self.cycle.response_complete:
            self._expect(self._patience.seconds)

    # bounds

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._patience.head_bytes:
            self._stop(_head_too_large(f"{self._patience.head_bytes} bytes"))

    def _stop(self, refusal: PlacetError) -> None:
        self._refusal = refusal
        raise _RefusedError

    def _expect(self, seconds: float | None) -> None:
        """Expect a request's head within `seconds`, or nothing."""
        if self._due is not None:
            self._due.cancel()
        self._due = None if seconds is None else self.loop.call_later(seconds, self._overdue)

    def _overdue(self) -> None:
        if self._in_head:
            self._refuse(InvalidInputError("HEADERS_TIMEOUT", "the request's head did not come in time"))
        else:
            self._ending.close()

    def _refuse(self, refusal: PlacetError) -> None:
        """Answer that nothing here was taken, and end; where another answer is under way, just end."""
        self._expect(None)
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        if cycle is not None and not cycle.response_complete:
            self._ending.abort()
            return
        self._ending.unread = self._address is not None  # who found no room is not waited for
        self._ending.write(self._house.refuse(refusal, self._address or ""))
        self._ending.close()


def _no_path() -> PlacetError:
    return InvalidInputError(
        "PATH_INVALID",
        "a request names a path of this service, and nothing else",
        hint="send the path as it begins, with a slash; /openapi.json lists them",
    )


def _no_upgrade() -> PlacetError:
    return InvalidInputError(
        "REQUEST_MALFORMED",
        "another protocol is asked for together with a body, which would be taken for that protocol's",
        hint="send it as HTTP/1.1, without an Upgrade header",
    )


def _malformed() -> PlacetError:
    return InvalidInputError("REQUEST_MALFORMED", "this is no HTTP/1.1 request that is taken here")


def _head_too_large(most: str) -> PlacetError:
    return InvalidInputError("HEADERS_TOO_LARGE", f"the head of a request has at most {most}")
