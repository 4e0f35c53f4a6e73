"""The client: where it sends the key, what it repeats, and how failures come back as the errors that they were."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from placet.client.address import parse_server
from placet.client.artifacts import RemoteArtifacts
from placet.client.problems import error_of
from placet.client.wire import Wire
from placet.demo.double_server import Asked, DoubleServer, Fault, Reply
from placet.domain.values.digest import sha256
from placet.errors import (
    ApprovalsPendingError,
    ConfigurationError,
    DeniedError,
    EffectError,
    InvalidInputError,
    NotFoundError,
    PlacetError,
    UnavailableError,
    VerificationError,
)
from placet.ports.effects import Secret
from placet.web.problems import problem
from support.ports import free_port
from support.raw_server import raw_server, whole
from support.tls_server import server_context

KEY = Secret("placet_key_canary")
T = TypeVar("T")


class Scripted(DoubleServer):
    """Answers with the next of its replies, with the last for ever; keeps what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self.replies = list(replies)
        self.seen: list[Asked] = []

    def answer(self, asked: Asked) -> Reply:
        self.seen.append(asked)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@pytest.fixture
def service() -> Iterator[Scripted]:
    with Scripted(Reply.of(200, {"ok": True})) as double:
        yield double


def over(address: str, work: Callable[[Wire], Awaitable[T]], key: Secret | None = KEY) -> T:
    async def run() -> T:
        async with Wire.opened(address, key) as wire:
            return await work(wire)

    return asyncio.run(run())


def get(service: Scripted) -> object:
    return over(service.address, lambda wire: wire.get("api", "v1", "runs"))


def test_a_path_is_encoded_segment_by_segment_and_the_key_goes_in_a_header(service: Scripted) -> None:
    over(service.address, lambda wire: wire.get("packages", "@acme/tool", "1.0.0+a b", q="x&y", after="", none=None))

    (asked,) = service.seen
    assert asked.path == "/packages/%40acme%2Ftool/1.0.0%2Ba%20b"
    assert asked.query == "q=x%26y"
    assert asked.headers["authorization"] == "Bearer placet_key_canary"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_repeated_where_the_service_asks_for_patience(status: int) -> None:
    with Scripted(Reply.of(status, {}), Reply.of(200, {"ok": True})) as service:
        assert get(service) == {"ok": True}
        assert len(service.seen) == 2


def test_a_read_is_repeated_where_its_answer_is_lost(service: Scripted) -> None:
    service.inject(Fault(method="GET", cut_after=0))

    assert get(service) == {"ok": True}


def test_a_read_is_not_repeated_for_ever() -> None:
    with Scripted(Reply.of(503, {"error_code": "SEALED", "kind": "unavailable"})) as service:
        with pytest.raises(UnavailableError, match="SEALED"):
            get(service)
        assert len(service.seen) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_what_acts_is_asked_once(status: int) -> None:
    with Scripted(Reply.of(status, {"error_code": "BUSY", "kind": "unavailable"})) as service:
        with pytest.raises(UnavailableError, match="BUSY"):
            over(service.address, lambda wire: wire.post("api", body={}))
        with pytest.raises(UnavailableError, match="BUSY"):
            over(service.address, lambda wire: wire.put("api", content=b""))
        assert len(service.seen) == 2


def test_an_answer_that_was_lost_is_not_asked_for_again_by_what_acts(service: Scripted) -> None:
    service.inject(Fault(method="POST", cut_after=0))

    with pytest.raises(UnavailableError) as caught:
        over(service.address, lambda wire: wire.post("api", body={}))

    assert caught.value.code == "SERVER_ANSWER_LOST"
    assert "not done twice" in caught.value.hint
    assert len(service.requests) == 1


def test_a_redirect_is_not_followed(service: Scripted) -> None:
    elsewhere = {"location": f"{service.address}/elsewhere"}
    with (
        Scripted(Reply(302, b"", headers=elsewhere)) as redirecting,
        pytest.raises(UnavailableError, match="SERVER_ANSWER_INVALID"),
    ):
        get(redirecting)
    assert service.seen == []


def test_where_nobody_listens_nothing_was_sent() -> None:
    with pytest.raises(UnavailableError) as caught:
        over(f"http://127.0.0.1:{free_port()}", lambda wire: wire.post("api", body={}))

    assert caught.value.code == "SERVER_UNREACHABLE"
    assert "nothing was sent" in caught.value.message


def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    async def ask() -> None:
        async with (
            raw_server(whole(b"{}"), tls=server_context(tmp_path, "localhost")) as running,
            Wire.opened(f"https://localhost:{running.port}", KEY) as wire,
        ):
            await wire.post("api", body={})

    with pytest.raises(UnavailableError, match="its certificate is not trusted here"):
        asyncio.run(ask())


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"\xff", b""])
def test_an_answer_that_is_not_ours_is_told(content: bytes) -> None:
    with Scripted(Reply(200, content)) as service, pytest.raises(UnavailableError, match="SERVER_ANSWER_INVALID"):
        get(service)


def test_without_a_key_nothing_is_asked(service: Scripted) -> None:
    for key, code in ((None, "API_KEY_MISSING"), (Secret("two words"), "API_KEY_INVALID")):
        with pytest.raises(ConfigurationError) as caught:
            over(service.address, lambda wire: wire.get("api"), key)
        assert caught.value.code == code
        assert "two words" not in str(caught.value)
    assert service.seen == []


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("https://placet.example.com", "https://placet.example.com"),
        ("https://placet.example.com:8443/", "https://placet.example.com:8443"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8480", "http://127.0.0.1:8480"),
        ("http://[::1]:8480", "http://[::1]:8480"),
        ("http://localhost:8480", "http://localhost:8480"),
        ("http://placet.localhost", "http://placet.localhost"),
    ],
)
def test_an_address_is_scheme_host_and_port(text: str, used: str) -> None:
    assert parse_server(text) == used


@pytest.mark.parametrize(
    "text",
    [
        "",
        "placet.example.com",
        "ftp://placet.example.com",
        "http://placet.example.com",
        "http://192.0.2.7",
        "http://127.0.0.1.example.com",
        "https://alice:secret-canary@placet.example.com",
        "https://placet.example.com/api",
        "https://placet.example.com?x",
        "https://placet.example.com#x",
        "https://placet.example.com:port",
        "https://placet.example.com:99999",
        "https://pl\u00e4cet.example.com",
        "https://",
        "https://-.example.com",
        "https://[::1",
    ],
)
def test_any_other_address_is_refused_without_showing_a_password(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_server(text)

    assert caught.value.code == "SERVER_INVALID"
    assert "secret-canary" not in caught.value.message


ERRORS: list[PlacetError] = [
    InvalidInputError("NAME_INVALID", "no name", hint="give one"),
    NotFoundError("NOT_FOUND", "nothing", hint="look"),
    ConfigurationError("PROVIDER_MISSING", "none", hint="add one"),
    DeniedError("NO_RULE", "denied", hint="ask"),
    ApprovalsPendingError("APPROVALS_MISSING", "wait", hint="approve", run_id="run_1"),
    VerificationError("NOT_PUBLISHED", "not", hint="see"),
    EffectError("OUTCOME_UNKNOWN", "unknown", hint="reconcile"),
    UnavailableError("SEALED", "sealed", hint="see"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.kind)
def test_a_problem_comes_back_as_the_error_that_it_was(error: PlacetError) -> None:
    told = problem(error, request_id="r1")

    again = error_of(told.status, json.dumps(told.document).encode())

    assert type(again) is type(error)
    assert (again.code, again.message, again.hint, again.exit_code) == (
        error.code,
        error.message,
        error.hint,
        error.exit_code,
    )
    assert getattr(again, "run_id", "") == getattr(error, "run_id", "")


@pytest.mark.parametrize(
    ("status", "document", "code"),
    [
        (502, {"error": "bad gateway"}, "SERVER_ANSWER_INVALID"),
        (403, {"error_code": "lower case"}, "SERVER_ANSWER_INVALID"),
        (500, {"error_code": "INTERNAL", "request_id": "r1"}, "SERVER_FAILED"),
        (403, {"error_code": "NEW_CODE", "kind": "something new", "message": 5}, "NEW_CODE"),
    ],
)
def test_what_is_no_problem_of_ours_is_unavailable(status: int, document: dict[str, Any], code: str) -> None:
    error = error_of(status, json.dumps(document).encode())

    assert (type(error), error.code) == (UnavailableError, code)


CONTENT = b"an archive"
ARTIFACT = {"digest": sha256(CONTENT), "received": 0, "complete": False}


def send(service: Scripted) -> str:
    return over(service.address, lambda wire: RemoteArtifacts(wire).send(CONTENT))


def test_what_is_there_already_is_not_sent_again() -> None:
    with Scripted(Reply.of(200, {**ARTIFACT, "received": len(CONTENT), "complete": True})) as service:
        assert send(service) == sha256(CONTENT)
        assert [asked.method for asked in service.seen] == ["GET"]


def test_sending_goes_on_from_where_the_service_stands_after_a_failure() -> None:
    lost = Reply.of(503, {"error_code": "SERVER_UNREACHABLE", "kind": "unavailable"})
    stands, done = Reply.of(200, {**ARTIFACT, "received": 3}), Reply.of(200, {**ARTIFACT, "complete": True})
    with Scripted(Reply.of(200, ARTIFACT), lost, stands, done) as service:
        send(service)

        bodies = [asked.body for asked in service.seen if asked.method == "PUT"]
        assert bodies == [CONTENT, CONTENT[3:]]


def test_sending_ends_after_four_failures_without_progress() -> None:
    lost = Reply.of(409, {"error_code": "UPLOAD_OFFSET", "kind": "invalid_input"})
    with Scripted(*[Reply.of(200, ARTIFACT), lost] * 3, Reply.of(200, ARTIFACT), lost) as service:
        with pytest.raises(InvalidInputError, match="UPLOAD_OFFSET"):
            send(service)
        assert [asked.method for asked in service.seen].count("PUT") == 4


def test_a_refusal_is_not_argued_with() -> None:
    refused = Reply.of(403, {"error_code": "SCOPE_INSUFFICIENT", "kind": "denied"})
    with Scripted(Reply.of(200, ARTIFACT), refused) as service:
        with pytest.raises(DeniedError, match="SCOPE_INSUFFICIENT"):
            send(service)
        assert len(service.seen) == 2


@pytest.mark.parametrize("answer", [{**ARTIFACT, "received": "3"}, {**ARTIFACT, "received": len(CONTENT)}])
def test_a_service_that_keeps_nothing_is_not_fed_for_ever(answer: dict[str, Any]) -> None:
    with Scripted(Reply.of(200, answer)) as service, pytest.raises(UnavailableError, match="SERVER_ANSWER_INVALID"):
        send(service)
