"""A real `placet serve` on loopback, for tests that ask as its clients do."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from placet import config
from placet.facade import Placet
from support.canaries import IN_ANSWERS, Canaries
from support.shell import Shell

_LISTENS = re.compile(rb"serving on https?://127\.0\.0\.1:(\d+)")
_SECONDS = 60


class Reply(Struct, frozen=True, kw_only=True):
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    cookies: tuple[str, ...] = ()

    @property
    def document(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return str(self.document["error_code"])


class Service(Struct, frozen=True, kw_only=True):
    """Where a service listens, and the shell in whose home it works."""

    shell: Shell
    process: subprocess.Popen[bytes]
    port: int
    written: Path
    canaries: Canaries

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def resident_bytes(self) -> int:
        """Return how much memory the process has now."""
        return _memory(self.process.pid, "VmRSS")

    @property
    def peak_bytes(self) -> int:
        """Return how much memory the process had at most since it began, or since `forget_peak`."""
        return _memory(self.process.pid, "VmHWM")

    def forget_peak(self) -> None:
        """Begin to watch for a new peak."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    @property
    def log(self) -> str:
        """Return what the process wrote on standard error."""
        return self.written.read_text()

    def logged(self, request_id: str) -> Any:
        """Return what was logged of an answer, once it is."""
        until = time.monotonic() + _SECONDS
        while True:
            lines = [line for line in self.log.splitlines() if f'"request_id": "{request_id}"' in line]
            told = [each for each in map(json.loads, lines) if each["event"] == "request"]
            if told:
                return told[0]
            assert time.monotonic() < until
            time.sleep(0.005)

    def key(self, *scopes: str, principal: str = "person:local") -> str:
        """Make an API key, in this process: quicker than a command."""
        asked_by = "" if principal == "person:local" else "person:alice"

        async def make() -> str:
            async with Placet.open(config.load(self.shell.environment())) as placet:
                return str((await placet.keys.create("test", principal, scopes, requester=asked_by))["key"])

        return asyncio.run(make())

    def entries(self) -> list[Any]:
        """Return what the ledger holds, as `placet ledger show --json` does."""

        async def show() -> Any:
            async with Placet.open(config.load(self.shell.environment())) as placet:
                return (await placet.ledger.show(count=10_000))["entries"]

        return list(asyncio.run(show()))

    def client(self, place: Path, key: str) -> Shell:
        """Return a shell elsewhere, with nothing of the installation: it asks this service, with `key`."""
        place.mkdir(exist_ok=True)
        return Shell(place, {"PLACET_SERVER": self.url, "PLACET_API_KEY": key, "PLACET_HOME": "/nonexistent"})

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Reply:
        """Send one request, its path as it is, and return the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        sent = {"X-API-Key": key} if key else {}
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        with contextlib.closing(connection):
            connection.request(method, path, content, {**sent, **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
            self.canaries.check(f"{method} {path}", bytes(answer.headers) + content, IN_ANSWERS)
            return Reply(
                status=answer.status,
                headers=dict(answer.getheaders()),
                content=content,
                cookies=tuple(answer.headers.get_all("set-cookie", [])),
            )

    def figures(self) -> bytes:
        """Return what it counts, as far as it tells this machine on its own port; nothing where it has ended."""
        try:
            return self.ask("GET", "/metrics").content
        except (OSError, http.client.HTTPException):
            return b""


@contextlib.contextmanager
def serving_trial(place: Path, *arguments: str, **variables: str) -> Iterator[Service]:
    """Serve a new trial installation in the folder `place`, with these settings."""
    place.mkdir(exist_ok=True)
    shell = Shell(place, variables)
    asyncio.run(Placet.init(config.load(shell.environment()), profile="trial"))
    with serving(shell, *arguments) as service:
        yield service


@contextlib.contextmanager
def serving(shell: Shell, *arguments: str) -> Iterator[Service]:
    """Serve the shell's home on a free port of loopback for the length of a `with`; it may tell no secret."""
    log = shell.place / f"serve-{time.monotonic_ns()}.err"
    with log.open("ab") as stderr:
        process = shell.start("serve", "--port", "0", *arguments, stderr=stderr)
    try:
        service = Service(
            shell=shell,
            process=process,
            port=_port(process, log),
            written=log,
            canaries=Canaries.of(shell.environment()),
        )
        yield service
        service.figures()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            told, _ = process.communicate(timeout=_SECONDS)
        finally:
            process.kill()
    service.canaries.check("the log of a service", log.read_bytes() + told)


def _memory(pid: int, what: str) -> int:
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    until = time.monotonic() + _SECONDS
    while (found := _LISTENS.search(log.read_bytes())) is None:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until
        time.sleep(0.02)
    return int(found[1])
