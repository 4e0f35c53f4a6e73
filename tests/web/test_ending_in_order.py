"""Probes, and how the service ends: nothing new is taken, what is under way is finished, a second signal forces it."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.raw_client import connected, head, hear
from support.service import Service, serving_trial

ISSUE = "/v1/certificates/issue"
BODY = json.dumps({"type": "package", "package_name": "@acme/tool", "version": "1.0.0"}).encode()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving_trial(tmp_path) as service:
        yield service


@contextlib.contextmanager
def half_sent(service: Service) -> Iterator[socket.socket]:
    """Send half of a request to issue a certificate, once the service has begun to read it."""
    key = service.key("*=*")
    headers = {"X-API-Key": key, "Content-Type": "application/json", "Content-Length": len(BODY)}
    with connected(service) as connection:
        connection.sendall(head("POST", ISSUE, Expect="100-continue", **headers))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(BODY[:20])
        yield connection


def refuses_connections(service: Service) -> bool:
    with contextlib.suppress(ConnectionRefusedError), connected(service):
        return False
    return True


def until_it_refuses_connections(service: Service) -> None:
    until = time.monotonic() + 60
    while not refuses_connections(service):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_probes_say_one_word_and_a_sealed_installation_lives_and_is_not_ready(service: Service) -> None:
    live, ready = service.ask("GET", "/livez"), service.ask("GET", "/readyz")
    shutil.rmtree(service.shell.place / "anchors")
    sealed, alive = service.ask("GET", "/readyz"), service.ask("GET", "/livez")

    assert (live.status, live.document) == (alive.status, alive.document) == (200, {"status": "live"})
    assert (ready.status, ready.document) == (200, {"status": "ready"})
    assert (sealed.status, sealed.document, sealed.headers["retry-after"]) == (503, {"status": "not ready"}, "5")


def test_what_is_under_way_is_finished_and_nothing_new_is_taken(service: Service) -> None:
    with half_sent(service) as connection:
        service.process.send_signal(signal.SIGTERM)
        until_it_refuses_connections(service)
        connection.sendall(BODY[20:])
        answer = hear(connection)

    assert (answer.status, answer.document["success"]) == (201, True)
    assert service.process.wait(timeout=60) == 0
    issued = service.shell.done("certificate", "list", "--json").json()
    assert [each["cert_id"] for each in issued["certificates"]] == [answer.document["cert_id"]]


def test_idle_connections_do_not_put_the_end_off(service: Service) -> None:
    with connected(service) as idle, connected(service) as done:
        done.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert done.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(timeout=60) == 0
        assert time.monotonic() - began < 15
        assert hear(idle).status == 0


def test_a_second_signal_waits_for_nobody(service: Service) -> None:
    with half_sent(service):
        service.process.send_signal(signal.SIGTERM)
        until_it_refuses_connections(service)
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(timeout=60) == 0
        assert time.monotonic() - began < 15


def test_while_it_drains_it_serves_and_says_that_it_is_not_ready(tmp_path: Path) -> None:
    with serving_trial(tmp_path, PLACET_DRAIN_SECONDS="3600") as service:
        assert service.ask("GET", "/readyz").status == 200
        service.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + 60
        while service.ask("GET", "/readyz").status != 503:
            assert time.monotonic() < until
            time.sleep(0.02)

        assert service.ask("GET", "/readyz").document == {"status": "not ready"}
        assert service.ask("GET", "/health").status == 200
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=60) == 0
