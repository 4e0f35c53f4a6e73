"""`placet serve --workers`: several processes at one port, which begin, answer and end as one service."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from support.raw_client import connected, head, hear
from support.service import Service, serving_trial
from support.shell import Shell

pytestmark = pytest.mark.thorough

WORKERS = 2
STARTED = re.compile(r"Started server process \[(\d+)\]")
WANTED = {"type": "package", "package_name": "@acme/tool"}
BODY = json.dumps({**WANTED, "version": "2.0.0"}).encode()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving_trial(tmp_path, "--workers", str(WORKERS), "--metrics-address", f"127.0.0.1:{two_free_ports()}") as it:
        until(lambda: len(pids(it)) == WORKERS)
        yield it


def two_free_ports() -> int:
    """Return a free port that has a free one after it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError), socket.create_server(("127.0.0.1", port + 1)):
                return port


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def pids(service: Service) -> list[int]:
    return [int(pid) for pid in STARTED.findall(service.log)]


def is_there(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def asked_of(service: Service, port: int) -> int:
    """Return how many requests the worker has answered whose metrics are at `port`."""
    told = replace(service, port=port).ask("GET", "/metrics")
    counted = re.findall(r"^placet_http_requests_total\{.*\} ([0-9.]+)$", told.content.decode(), re.MULTILINE)
    return int(sum(map(float, counted)))


def test_workers_share_a_port_and_each_tells_its_own_metrics(service: Service) -> None:
    ports = [int(port) for port in re.findall(r"metrics at http://127\.0\.0\.1:(\d+)/metrics", service.log)]

    for _ in range(64):
        assert service.ask("GET", "/livez").status == 200

    counted = [asked_of(service, port) for port in ports]
    assert len(counted) == WORKERS
    assert min(counted) > 0
    assert service.ask("GET", "/metrics").status == 404


def test_what_one_worker_recorded_holds_for_the_others_at_once(service: Service) -> None:
    key = service.key("*=@acme/*")
    issued = [
        service.ask("POST", "/v1/certificates/issue", {**WANTED, "version": f"1.0.{n}"}, key=key) for n in range(12)
    ]
    assert [each.status for each in issued] == [201] * 12
    (key_id,) = (each["key_id"] for each in service.shell.done("key", "list", "--json").json()["keys"])

    assert service.shell.placet("key", "revoke", key_id).code == 0

    refused = [service.ask("POST", "/v1/certificates/issue", WANTED, key=key) for _ in range(24)]
    assert {(each.status, each.code) for each in refused} == {(401, "UNAUTHENTICATED")}
    names = {each.document["cert_id"] for each in issued}
    assert len(names) == 12
    assert service.shell.done("ledger", "verify", "--json").json()["verified"] is True


@pytest.mark.parametrize("whom", ["the one that was called", "everybody, as a terminal does"])
def test_a_signal_ends_all_in_order(service: Service, whom: str) -> None:
    key = service.key("*=*")
    headers = {"X-API-Key": key, "Content-Type": "application/json", "Content-Length": len(BODY)}
    with connected(service) as connection:
        connection.sendall(head("POST", "/v1/certificates/issue", Expect="100-continue", **headers))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(BODY[:20])
        for pid in [service.process.pid, *(pids(service) if whom.startswith("everybody") else [])]:
            os.kill(pid, signal.SIGINT)
        until(lambda: service.log.count("ending: what is under way") == WORKERS)
        connection.sendall(BODY[20:])
        answer = hear(connection)

    assert (answer.status, answer.document["success"]) == (201, True)
    assert service.process.wait(timeout=60) == 0
    assert not any(map(is_there, pids(service)))


def test_a_second_signal_ends_all_at_once(service: Service) -> None:
    with connected(service) as connection:
        connection.sendall(head("POST", "/v1/certificates/issue", **{"Content-Length": 10})[:-2])
        service.process.send_signal(signal.SIGTERM)
        until(lambda: service.log.count("ending: what is under way") == WORKERS)
        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(timeout=60) == 0
    assert not any(map(is_there, pids(service)))


def test_a_worker_that_dies_takes_the_service_with_it_and_that_is_told(service: Service) -> None:
    os.kill(pids(service)[0], signal.SIGKILL)

    assert service.process.wait(timeout=60) == 7
    assert "WORKER_ENDED" in service.log
    assert not any(map(is_there, pids(service)))


def test_workers_end_in_order_when_the_process_that_started_them_is_killed(service: Service) -> None:
    service.process.kill()

    until(lambda: not any(map(is_there, pids(service))))
    assert service.log.count('"event": "ended"') == WORKERS


def test_a_port_that_others_share_is_taken(service: Service) -> None:
    shell = Shell(service.shell.place)

    for more in ([], ["--workers", "2"]):
        refused = shell.placet("serve", "--port", str(service.port), *more)
        assert (refused.code, "ADDRESS_UNUSABLE" in refused.err) == (1, True)


def test_what_is_in_the_way_of_every_worker_is_said_once(tmp_path: Path) -> None:
    refused = Shell(tmp_path).placet("serve", "--port", "0", "--workers", "2")
    exposed = Shell(tmp_path).placet("serve", "--port", "0", "--host", "::", "--workers", "2")

    assert (refused.code, refused.err.count("HOME_MISSING")) == (1, 1)
    assert (exposed.code, exposed.err.count("TLS_REQUIRED")) == (1, 1)
