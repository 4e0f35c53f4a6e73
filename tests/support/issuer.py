"""A real OpenID provider on loopback, and a browser that keeps cookies and goes where it is sent."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from msgspec import Struct, field

from support.service import Reply, Service

_SECONDS = 60


@contextlib.contextmanager
def running_issuer(folder: Path, *subjects: str) -> Iterator[str]:
    """Run the provider for these people, and yield its URL; anybody signs in as anybody by one click."""
    port = free_port()
    users = [each for subject in subjects for each in ("--user", subject)]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(port), *users]
    with (folder / "issuer.err").open("wb") as log:
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}  # noqa: TID251 - the interpreter is found on it
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait(process, port, folder / "issuer.err")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)


class Browser(Struct):
    """One person's browser at a service."""

    service: Service
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        site: str = "same-origin",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request with the cookies that it has, as a page of `site` would, and keep what it is given."""
        given = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        sent = {**given, **({"Sec-Fetch-Site": site} if site else {}), **(headers or {})}
        reply = self.service.ask(method, path, body, headers=sent)
        self.keep(reply)
        return reply

    def keep(self, reply: Reply) -> None:
        """Keep and drop cookies as a browser does."""
        for line in reply.cookies:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    def begin(self, issuer: str = "") -> str:
        """Begin to sign in, and return where it is sent."""
        query = f"?{urlencode({'issuer': issuer})}" if issuer else ""
        begun = self.ask("GET", f"/auth/login{query}", site="none")
        assert begun.status == 302, begun.content
        return begun.headers["location"]

    def returned(self, location: str, subject: str) -> str:
        """Let the person click at the issuer, and return path and query with which they are sent back."""
        sent_back = urlsplit(clicked(location, subject))
        return f"{sent_back.path}?{sent_back.query}"

    def sign_in(self, subject: str) -> Reply:
        """Sign in from beginning to end."""
        return self.ask("GET", self.returned(self.begin(), subject), site="cross-site")


def clicked(location: str, subject: str) -> str:
    """Post the provider's form as the person, and return where they are sent back."""
    parts = urlsplit(location)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=_SECONDS)
    with contextlib.closing(connection):
        form = urlencode({"sub": subject})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"{parts.path}?{parts.query}", form, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 302, answer.status
        return str(answer.getheader("location"))


def query_of(location: str) -> dict[str, str]:
    """Return the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
