"""The HTTP part of the doubles: a provider on loopback, from its own threads, whose faults can be chosen."""

from __future__ import annotations

import contextlib
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct, field

from placet.domain.values.unshown import Unshown


class Fault(Struct, kw_only=True):
    """What goes wrong with the next `times` requests of `method` whose path contains `path`.

    An empty `method` fits every request; the first `passing` that fit are let pass.
    `acts`: the request is carried out all the same. `status`, where not 0, replaces the answer, with
    `body` where it is given; `headers` are added to it. `cut_after` sends only that many bytes of the
    answer and resets. `hold` delays the answer until the event is set or the double stops. `happens`
    is called when the request was carried out, or not, and nothing is answered yet.
    """

    method: str = "PUT"
    path: str = ""
    times: int = 1
    passing: int = 0
    acts: bool = False
    status: int = 0
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    hold: threading.Event | None = None
    happens: Callable[[], None] | None = None


class Asked(Unshown, frozen=True, kw_only=True):
    """One request as it arrived. `path` has no query; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Reply(Struct, frozen=True):
    """One answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, value: object, content_type: str = "application/json") -> Reply:
        """Return the answer that is `value` as JSON."""
        return cls(status, json.dumps(value, separators=(",", ":")).encode(), content_type)

    def encode(self, headers: dict[str, str]) -> bytes:
        """Return the whole answer as bytes; each answer ends its connection."""
        fixed = {"content-type": self.content_type, "content-length": str(len(self.body)), "connection": "close"}
        given = {**fixed, **self.headers, **headers}
        lines = [f"HTTP/1.1 {self.status} Status", *(f"{key}: {value}" for key, value in given.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class DoubleServer(ABC):
    """A provider and its controls: a context manager that serves from its own threads.

    `requests` lists what arrived, `connections` how many were opened.
    """

    def __init__(self) -> None:
        """Open a free port on 127.0.0.1."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.double = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.requests: list[tuple[str, str]] = []
        self.connections = 0
        self.stopping = threading.Event()

    @abstractmethod
    def answer(self, asked: Asked) -> Reply:
        """Carry out one request."""

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

    def inject(self, fault: Fault) -> None:
        """Let `fault` happen to the next requests that it fits."""
        with self._lock:
            self._faults.append(fault)

    def forget_faults(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._faults.clear()

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
                if fault.times == 0 or fault.method not in ("", method) or fault.path not in path:
                    continue
                if fault.passing:
                    fault.passing -= 1
                    continue
                fault.times -= 1
                return fault
        return None


class _Server(ThreadingHTTPServer):
    """Threads per connection, with room for many callers at once."""

    daemon_threads = True
    request_queue_size = 512
    double: DoubleServer


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

    do_PUT = do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep quiet."""

    def _serve(self) -> None:
        double, place = self.server.double, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        double.count(request=(self.command, place.path))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(method=self.command, path=place.path, query=place.query, headers=headers, body=body)
        fault = double.take_fault(self.command, place.path) or Fault(acts=True)
        reply = double.answer(asked) if fault.acts else Reply.of(500, {"error": "refused by a fault"})
        if fault.status:
            made_up = json.dumps({"error": "answered by a fault"}, separators=(",", ":")).encode()
            reply = Reply(fault.status, made_up if fault.body is None else fault.body)
        if fault.happens is not None:
            fault.happens()
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
