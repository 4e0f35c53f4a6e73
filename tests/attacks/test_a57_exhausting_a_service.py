"""A57: bodies, heads and senders without end are refused in time, and others are answered meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import repeat

import pytest

from support.raw_client import connected, head, hear, send
from support.service import Service, serving_trial

ISSUE = "/v1/certificates/issue"
GIGABYTE = 10**9
PATIENCE_SECONDS = 2
LIMIT = 256 * 1024
OVER_IDLE_BYTES = 96 * 1024 * 1024
"""What hundreds of slow senders may cost together, over what the idle service has (docs/operations/serving.md)."""
CHUNK = b"10000\r\n" + b" " * 65_536 + b"\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    patience = str(PATIENCE_SECONDS)
    with serving_trial(tmp_path_factory.mktemp("trial"), PLACET_PATIENCE_SECONDS=patience) as service:
        yield service


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return service.key("*=*")


def issuing(key: str, **headers: object) -> bytes:
    return head("POST", ISSUE, X_API_Key=key, Content_Type="application/json", **headers)


def answers_others(service: Service) -> bool:
    return service.ask("GET", "/health").status == 200


def test_a_gigabyte_is_refused_before_it_is_sent(service: Service, key: str) -> None:
    refused = send(service, issuing(key, Content_Length=GIGABYTE))

    assert (refused.status, refused.code) == (413, "BODY_TOO_LARGE")


def test_who_sends_a_gigabyte_all_the_same_hears_why_not(service: Service, key: str) -> None:
    refused = send(service, issuing(key, Content_Length=GIGABYTE), *repeat(b" " * 1_000_000, 1000))

    assert (refused.status, refused.code) == (413, "BODY_TOO_LARGE")
    assert answers_others(service)


def test_chunks_without_end_are_refused_at_the_limit(service: Service, key: str) -> None:
    refused = send(service, issuing(key, Transfer_Encoding="chunked"), *repeat(CHUNK, 1000))

    assert (refused.status, refused.code) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("length", ["0" * 4301, "0" * 5000 + "2", "9" * 4301, "9" * 20])
def test_a_length_of_thousands_of_digits_is_none(service: Service, length: str) -> None:
    refused = send(service, head("GET", "/livez", Content_Length=length), b"{}")

    assert (refused.status, refused.code) in {(413, "BODY_TOO_LARGE"), (400, "REQUEST_MALFORMED")}


def test_nobody_sends_a_body_without_a_key(service: Service) -> None:
    refused = send(service, head("POST", ISSUE, Content_Length=GIGABYTE), *repeat(b" " * 1_000_000, 1000))

    assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("target", "headers", "status", "code"),
    [
        ("/health", [b"X-Long: ", *repeat(b"y" * 65_536, 200)], 431, "HEADERS_TOO_LARGE"),
        ("/health", [b"X" * 65_536] * 200, 431, "HEADERS_TOO_LARGE"),
        ("/health", [b"".join(b"X-%d: y\r\n" % number for number in range(10_000))], 431, "HEADERS_TOO_LARGE"),
        ("/" + "a" * 5_000, [], 414, "PATH_TOO_LONG"),
        ("/" + "a" * 5_000_000, [], 414, "PATH_TOO_LONG"),
    ],
)
def test_a_head_without_end_is_refused(
    service: Service, target: str, headers: list[bytes], status: int, code: str
) -> None:
    line = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".encode()

    refused = send(service, line, *headers, b"\r\n\r\n")

    assert (refused.status, refused.code) == (status, code)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"type": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "BODY_INVALID"),
        (b'{"a": ' * 40_000 + b"1" + b"}" * 40_000, "BODY_TOO_LARGE"),
        (b"{" + b", ".join(b'"k%d": 1' % number for number in range(10**6)) + b"}", "BODY_TOO_LARGE"),
        (b"{" + b",".join(b'"%d":1' % number for number in range(20_000)) + b"}", "MISSING_REQUIRED_FIELDS"),
        (b'{"type": ' + b"9" * 100_000 + b"}", "BODY_INVALID"),
        (b"\x1f\x8b\x08" + b"\0" * 1000, "BODY_INVALID"),
    ],
)
def test_json_that_is_deep_wide_or_none_is_refused(service: Service, key: str, content: bytes, code: str) -> None:
    refused = service.ask("POST", ISSUE, key=key, headers={"Content-Type": "application/json"}, content=content)

    assert refused.code == code
    assert answers_others(service)


def test_who_does_not_finish_a_head_is_told_and_cut_off(service: Service) -> None:
    began = time.monotonic()

    refused = send(service, b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")

    assert (refused.status, refused.code) == (408, "HEADERS_TIMEOUT")
    assert time.monotonic() - began < 10 * PATIENCE_SECONDS


def test_who_does_not_finish_a_body_is_told_and_cut_off(service: Service, key: str) -> None:
    refused = send(service, issuing(key, Content_Length=1000), b'{"type"')

    assert (refused.status, refused.code) == (408, "BODY_TIMEOUT")


def test_requests_that_are_sent_ahead_without_end_are_cut_off(service: Service) -> None:
    flood = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100_000

    assert send(service, flood).content.count(b"HTTP/1.1 ") < 100
    assert answers_others(service)


def test_hundreds_of_slow_senders_keep_nobody_else_from_being_answered(service: Service, key: str) -> None:
    idle = service.resident_bytes
    service.forget_peak()
    slow = (
        b"GET /health HTTP/1.1\r\nX-Long: " + b"y" * 15_000,
        b"P",
        issuing(key, Content_Length=LIMIT) + b" " * (LIMIT - 1),
    )
    with ExitStack() as stack:
        senders = [stack.enter_context(connected(service)) for _ in range(600)]
        for number, sender in enumerate(senders):
            sender.sendall(slow[number % 3])

        began = time.monotonic()
        assert answers_others(service)
        assert time.monotonic() - began < 10 * PATIENCE_SECONDS

        assert {hear(sender).status for sender in senders} == {408, 503}
    assert service.peak_bytes - idle < OVER_IDLE_BYTES


def test_json_that_is_long_to_read_keeps_nobody_else_from_being_answered(service: Service, key: str) -> None:
    wide = b'{"type": [' + b"1," * 120_000 + b"1]}"
    with ExitStack() as stack:
        senders = [stack.enter_context(connected(service)) for _ in range(8)]
        for sender in senders:
            sender.sendall(issuing(key, Content_Length=len(wide)) + wide)

        assert answers_others(service)
        assert {hear(sender).status for sender in senders} <= {400, 503}
