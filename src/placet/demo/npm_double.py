"""A small npm registry on loopback, for the demo and the tests, whose faults can be chosen.

It answers the requests that Placet and npm make for publishing and installing as Verdaccio
answers them (the contract tests run the same requests against both). It is no registry: state is
in memory, there is one user, and it is slow on purpose when told so.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote, urlsplit

from placet.demo.npm_double_state import Packages, RefusedError, package_in

ABBREVIATED = "application/vnd.npm.install-v1+json"


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong with the next `times` requests of `method` whose path contains `path`.

    `acts`: the request is carried out all the same. `status`, where not 0, replaces the answer;
    `headers` are added to it. `cut_after` sends only that many bytes of the answer and resets.
    `hold` delays the answer until the event is set or the double stops.
    """

    method: str = "PUT"
    path: str = ""
    times: int = 1
    acts: bool = False
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    hold: threading.Event | None = None


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes
    content_type: str = "application/json"

    @classmethod
    def of(cls, status: int, value: object, content_type: str = "application/json") -> _Reply:
        return cls(status, json.dumps(value, separators=(",", ":")).encode(), content_type)

    def encode(self, headers: dict[str, str]) -> bytes:
        """Return the whole answer as bytes; each answer ends its connection."""
        fixed = {"content-type": self.content_type, "content-length": str(len(self.body)), "connection": "close"}
        lines = [f"HTTP/1.1 {self.status} Status", *(f"{key}: {value}" for key, value in {**fixed, **headers}.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class NpmDouble:
    """The registry and its controls: a context manager that serves from its own threads.

    `requests` lists what arrived, `connections` how many were opened, `effects` how often each
    (package, version) was written.
    """

    def __init__(self, token: str, *, username: str = "placet") -> None:
        """Open a free port on 127.0.0.1; `token` is the one bearer token that may publish."""
        self._token = token
        self._username = username
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.double = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.packages = Packages(self.url)
        self.requests: list[tuple[str, str]] = []
        self.connections = 0
        self.stopping = threading.Event()

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving, release what is held, and free the port."""
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def effects(self, package: str, version: str) -> int:
        """Return how often the version was written."""
        return self.packages.effects[package, version]

    def inject(self, fault: Fault) -> None:
        """Let `fault` happen to the next requests that it fits."""
        with self._lock:
            self._faults.append(fault)

    def count(self, *, connections: int = 0, request: tuple[str, str] | None = None) -> None:
        """Note a connection or a request."""
        with self._lock:
            self.connections += connections
            if request is not None:
                self.requests.append(request)

    def take_fault(self, method: str, path: str) -> Fault | None:
        """Return the fault that happens to this request, and use it up."""
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and fault.method == method and fault.path in path:
                    fault.times -= 1
                    return fault
        return None

    def answer(self, method: str, path: str, authorization: str, accept: str, body: bytes) -> _Reply:
        """Carry out one request."""
        try:
            return self._route(method, unquote(path), authorization, accept, body)
        except RefusedError as refused:
            return _Reply.of(refused.status, {"error": refused.reason})

    def _route(self, method: str, path: str, authorization: str, accept: str, body: bytes) -> _Reply:
        known = self._is_known(authorization)
        if method == "GET" and path == "/-/ping":
            return _Reply.of(200, {})
        if method == "GET" and path == "/-/whoami":
            return _Reply.of(200, {"username": self._username} if known else {})
        place = package_in(path)
        if place is None or path.startswith("/-/"):
            raise RefusedError(404, "File not found")
        name, file = place
        if method == "GET" and file:
            return _Reply(200, self.packages.tarball(name, file), "application/octet-stream")
        if method == "GET":
            short = ABBREVIATED in accept
            content_type = ABBREVIATED if short else "application/json"
            return _Reply.of(200, self.packages.packument(name, abbreviated=short), content_type)
        if method != "PUT" or file:
            raise RefusedError(404, "File not found")
        if not known:
            raise RefusedError(401, "authorization required to access this resource")
        self.packages.publish(name, body)
        return _Reply.of(201, {"ok": "created new package", "success": True})

    def _is_known(self, authorization: str) -> bool:
        """Tell whether the token is ours; on reads a bad one is as good as none, as with Verdaccio."""
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode())


class _Server(ThreadingHTTPServer):
    """Threads per connection, with room for many callers at once."""

    daemon_threads = True
    request_queue_size = 512
    double: NpmDouble


class _Handler(BaseHTTPRequestHandler):
    """Reads one request of one connection, and answers as the double and its faults say."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 60

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        self.server.double.count(connections=1)

    def do_GET(self) -> None:
        """Answer a read."""
        self._serve()

    def do_PUT(self) -> None:
        """Answer a write."""
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep quiet."""

    def _serve(self) -> None:
        double, path = self.server.double, urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        double.count(request=(self.command, path))
        fault = double.take_fault(self.command, path) or Fault(acts=True)
        reply = _Reply.of(500, {"error": "refused by a fault"})
        if fault.acts:
            authorization, accept = self.headers.get("authorization", ""), self.headers.get("accept", "")
            reply = double.answer(self.command, path, authorization, accept, body)
        if fault.status:
            reply = _Reply.of(fault.status, {"error": "answered by a fault"})
        self.close_connection = True
        self._hold(fault.hold)
        self._send(reply.encode(fault.headers), fault.cut_after)

    def _hold(self, hold: threading.Event | None) -> None:
        while hold is not None and not hold.wait(0.02) and not self.server.double.stopping.is_set():
            pass

    def _send(self, encoded: bytes, cut_after: int | None) -> None:
        # A client that has gone away is part of what is tested, no error of the double.
        with contextlib.suppress(ConnectionError):
            self.wfile.write(encoded if cut_after is None else encoded[:cut_after])
            self.wfile.flush()
