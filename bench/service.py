"""`placet serve` over HTTP: whole authorizations a second, and certificates beside `cfssl serve`.

The peer records nothing. Ours is served by one worker for each core, as the peer takes all that there are; the
figures of a single worker stand beside.

Ours and the peer's are asked by the same generator, on 64 connections, in turns. Each caller asks again as soon as it
was answered: for so many seconds, or as long as the requests last that all callers take from one heap, so that none
waits at the end for who is slower. Requests of the heap are made before the clock runs.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from msgspec import Struct

from placet import config
from placet.facade import Placet

_CALLERS = 64
_PLACET = Path(sys.executable).parent / "placet"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Load(Struct, frozen=True, kw_only=True):
    """What 64 callers were answered: how many a second, and the slowest hundredth in ms."""

    per_s: float
    p99_ms: float


def run(*, quick: bool) -> dict[str, float]:
    """Return the figures of the service; those beside cfssl only where it is installed."""
    rounds, seconds, certificates = (1, 0.5, 128) if quick else (5, 3.0, 1280)
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place, serving(Path(place), workers=1) as service:
        figures |= {"serve.start_ms": service.started_ms, "serve.memory.idle_mb": service.resident_mb()}
        figures |= _decisions("authorize.http.64.one_worker", service, rounds=rounds, seconds=seconds)
        figures["serve.memory.after_load_mb"] = service.resident_mb()
    with tempfile.TemporaryDirectory() as place, serving(Path(place), workers=os.cpu_count() or 1) as service:
        figures |= _decisions("authorize.http.64", service, rounds=rounds, seconds=seconds)
        figures |= _certificates(service, Path(place), rounds=rounds, count=certificates)
    return figures


def _decisions(name: str, service: _Service, *, rounds: int, seconds: float) -> dict[str, float]:
    decided = [service.authorize(seconds) for _ in range(rounds)]
    return {
        f"{name}.per_s": statistics.median(load.per_s for load in decided),
        f"{name}.p99_ms": statistics.median(load.p99_ms for load in decided),
    }


def _certificates(service: _Service, place: Path, *, rounds: int, count: int) -> dict[str, float]:
    if shutil.which("cfssl") is None or shutil.which("cfssljson") is None:
        sys.stderr.write("cfssl is not installed: certificates are not compared\n")
        return {}
    ours, theirs, ratios = [], [], []
    with _cfssl(place) as port:
        for _ in range(rounds):
            requests = [_csr() for _ in range(count)]
            ours.append(service.certify(requests).per_s)
            theirs.append(_ask_all(port, [_to_cfssl(csr) for csr in requests]).per_s)
            ratios.append(ours[-1] / theirs[-1])
    return {
        "ca.csr_p256.per_s": statistics.median(ours),
        "ca.csr_p256.cfssl_per_s": statistics.median(theirs),
        "ca.csr_p256.ratio_to_cfssl": statistics.median(ratios),
    }


class _Service:
    """A service that listens, and the key that may ask it for everything."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, key: str, started_ms: float) -> None:
        self._process, self.port, self._key, self.started_ms = process, port, key, started_ms
        self._next = 0
        self._asked = [0] * _CALLERS
        self._register()

    def authorize(self, seconds: float) -> Load:
        """Change statuses: each is planned, authorised by a receipt, performed and recorded by one request.

        Of versions that are not the newest, so that the lists of packages stay as they are: that is no part of
        authorising.
        """
        return asyncio.run(_together(self.port, [self._statuses(caller) for caller in range(_CALLERS)], seconds))

    def certify(self, requests: Sequence[str]) -> Load:
        """Issue a certificate for each request."""
        return _ask_all(self.port, [self._issue(csr) for csr in requests])

    def resident_mb(self) -> float:
        """Return how much memory the process holds."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0

    def _register(self) -> None:
        for caller in range(_CALLERS):
            for version in ("2.0.0", "1.0.0"):
                self._register_one(f"@bench/p{caller}", version)

    def _register_one(self, package: str, version: str) -> None:
        wanted = {"type": "package", "package_name": package, "version": version, "csr": _csr()}
        issued = _one(self.port, self._post("/v1/certificates/issue", wanted))
        about = {"package": package, "version": version, "event_type": "package.build.complete"}
        event = _one(self.port, self._post("/chronicle/events", about))
        said = {
            "package_name": package,
            "version": version,
            "cert_id": issued["cert_id"],
            "chronicle_event_id": event["event_id"],
        }
        _one(self.port, self._post("/registry/api/packages/register", said))

    def _issue(self, csr: str) -> bytes:
        self._next += 1
        wanted = {"type": "package", "package_name": f"@bench/c{self._next % 50}", "version": f"1.0.{self._next}"}
        return self._post("/v1/certificates/issue", {**wanted, "csr": csr})

    def _statuses(self, caller: int) -> Iterator[bytes]:
        """Yield requests for ever: the version of a caller's package is published and deprecated in turn."""
        path = f"/registry/packages/@bench/p{caller}/1.0.0/status"
        both = [
            _request("PUT", path, {"status": status, "reason": "bench"}, key=self._key)
            for status in ("published", "deprecated")
        ]
        while True:
            self._asked[caller] += 1
            yield both[(self._asked[caller] - 1) % 2]

    def _post(self, path: str, body: object) -> bytes:
        return _request("POST", path, body, key=self._key)


@contextmanager
def serving(place: Path, *, workers: int, profile: Path | None = None) -> Iterator[_Service]:
    """Serve a new trial installation in `place` for the length of a `with`; then its profile is in `profile`."""
    own = config.load()
    variables = {
        **own.environment,
        "CI": "",
        "PLACET_HOME": str(place / "home"),
        "PLACET_ANCHOR": str(place / "anchors"),
        "PLACET_RATE_PER_KEY": "0",
        "PLACET_RATE_PER_ADDRESS": "0",
        "PLACET_LOG_LEVEL": "warning",
    }
    key = asyncio.run(_found(config.load(variables)))
    log = place / "serve.err"
    port = _free_port()
    began = time.perf_counter()
    with log.open("wb") as stderr:
        program = (
            [sys.executable, "-m", "cProfile", "-o", str(profile), "-m", "placet.cli"] if profile else [str(_PLACET)]
        )
        command = [*program, "serve", "--port", str(port), "--workers", str(workers)]
        process = subprocess.Popen(command, env=variables, stderr=stderr)
    try:
        _one(port, b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", patience=30)
        yield _Service(process, port, key, (time.perf_counter() - began) * 1000)
    finally:
        process.terminate()
        process.wait(timeout=90)


async def _found(settings: config.Config) -> str:
    await Placet.init(settings, profile="trial", name="bench")
    async with Placet.open(settings) as placet:
        return str((await placet.keys.create("bench", "person:local", ("*=*",)))["key"])


@contextmanager
def _cfssl(place: Path) -> Iterator[int]:
    """Serve cfssl with a P-256 key, one worker for each core as it comes, for the length of a `with`."""
    (place / "ca.json").write_text('{"CN": "bench CA", "key": {"algo": "ecdsa", "size": 256}}')
    (place / "config.json").write_text('{"signing": {"default": {"expiry": "8760h", "usages": ["code signing"]}}}')
    made = subprocess.run(["cfssl", "gencert", "-initca", "ca.json"], cwd=place, capture_output=True, check=True)
    subprocess.run(["cfssljson", "-bare", "ca"], cwd=place, input=made.stdout, check=True)
    port = _free_port()
    command = ["cfssl", "serve", "-address", "127.0.0.1", "-port", str(port), "-loglevel", "5"]
    command += ["-ca", "ca.pem", "-ca-key", "ca-key.pem", "-config", "config.json"]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _one(port, _to_cfssl(_csr()), patience=10)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _to_cfssl(csr: str) -> bytes:
    return _request("POST", "/api/v1/cfssl/sign", {"certificate_request": csr, "hosts": ["bench"]})


def _csr() -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode("ascii")


def _request(method: str, path: str, body: object, *, key: str = "") -> bytes:
    content = json.dumps(body).encode()
    shown = f"X-API-Key: {key}\r\n" if key else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{shown}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def _one(port: int, request: bytes, *, patience: float = 0) -> dict[str, str]:
    """Send one request and return its document, trying again for so many seconds while nobody listens."""
    until = time.monotonic() + patience
    while True:
        try:
            status, content = asyncio.run(_alone(port, request))
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
            continue
        if status >= 300:
            raise RuntimeError(content.decode())
        document: dict[str, str] = json.loads(content)
        return document


async def _alone(port: int, request: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await _answer(reader)
    writer.close()
    return answer


def _ask_all(port: int, requests: Sequence[bytes]) -> Load:
    """Let 64 callers send the requests, each taking the next when it was answered."""
    heap = iter(requests)
    return asyncio.run(_together(port, [heap] * _CALLERS, math.inf))


async def _together(port: int, callers: Sequence[Iterator[bytes]], seconds: float) -> Load:
    """Let each caller send its requests one after the other on a connection of its own, for so many seconds."""
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in callers]
    took: list[float] = []
    began = time.perf_counter()

    async def caller(number: int) -> None:
        reader, writer = connections[number]
        sent = time.perf_counter()
        while sent < began + seconds and (request := next(callers[number], None)) is not None:
            writer.write(request)
            status, content = await _answer(reader)
            answered = time.perf_counter()
            took.append(answered - sent)
            sent = answered
            if status >= 300:
                raise RuntimeError(content.decode())

    await asyncio.gather(*(caller(number) for number in range(len(callers))))
    spent = time.perf_counter() - began
    for _, writer in connections:
        writer.close()
    return Load(per_s=len(took) / spent, p99_ms=statistics.quantiles(took, n=100)[-1] * 1000)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return int(head[9:12]), await reader.readexactly(int(length[1]) if length else 0)
