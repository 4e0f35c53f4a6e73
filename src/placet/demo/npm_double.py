"""A small npm registry on loopback, for the demo and the tests, whose faults can be chosen.

It answers the requests that Placet and npm make for publishing and installing as Verdaccio
answers them (the contract tests run the same requests against both). It is no registry: state is
in memory, there is one user, and it is slow on purpose when told so.
"""

from __future__ import annotations

import hmac
from urllib.parse import unquote

from placet.demo.double_server import Asked, DoubleServer, Fault, Reply
from placet.demo.npm_double_state import Packages, RefusedError, package_in

__all__ = ["ABBREVIATED", "Fault", "NpmDouble"]

ABBREVIATED = "application/vnd.npm.install-v1+json"


class NpmDouble(DoubleServer):
    """The registry and its controls. `effects` tells how often each (package, version) was written."""

    def __init__(self, token: str, *, username: str = "placet") -> None:
        """Open a free port on 127.0.0.1; `token` is the one bearer token that may publish."""
        super().__init__()
        self._token = token
        self._username = username
        self.url = self.address
        self.packages = Packages(self.url)

    def effects(self, package: str, version: str) -> int:
        """Return how often the version was written."""
        return self.packages.effects[package, version]

    def answer(self, asked: Asked) -> Reply:
        """Carry out one request."""
        try:
            return self._route(asked, unquote(asked.path))
        except RefusedError as refused:
            return Reply.of(refused.status, {"error": refused.reason})

    def _route(self, asked: Asked, path: str) -> Reply:
        known = self._is_known(asked.headers.get("authorization", ""))
        if asked.method == "GET" and path == "/-/ping":
            return Reply.of(200, {})
        if asked.method == "GET" and path == "/-/whoami":
            return Reply.of(200, {"username": self._username} if known else {})
        place = package_in(path)
        if place is None or path.startswith("/-/"):
            raise RefusedError(404, "File not found")
        name, file = place
        if asked.method == "GET" and file:
            return Reply(200, self.packages.tarball(name, file), "application/octet-stream")
        if asked.method == "GET":
            short = ABBREVIATED in asked.headers.get("accept", "")
            content_type = ABBREVIATED if short else "application/json"
            return Reply.of(200, self.packages.packument(name, abbreviated=short), content_type)
        if asked.method != "PUT" or file:
            raise RefusedError(404, "File not found")
        if not known:
            raise RefusedError(401, "authorization required to access this resource")
        self.packages.publish(name, asked.body)
        return Reply.of(201, {"ok": "created new package", "success": True})

    def _is_known(self, authorization: str) -> bool:
        """Tell whether the token is ours; on reads a bad one is as good as none, as with Verdaccio."""
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode())
