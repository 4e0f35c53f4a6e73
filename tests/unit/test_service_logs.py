"""What the service logs: one line for each event, whatever the event holds."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from placet.facade import Caller
from placet.web import logs
from placet.web.metrics import Metrics
from placet.web.redaction import GONE, Redactor
from placet.web.reports import Exchange, Reports
from placet.web.route import Access, Answer, Call, Route

HOSTILE = [
    "run\r\nforged",
    '"}\n{"level": "error", "event": "forged',
    "\x1b[2J\x1b]0;owned\x07",
    "a\u2028b\u2029c\x85d\x0be",
    "\x7f\x9b31m\u202e",
    "\ud800",
    "%s %n {0} ${jndi:ldap://x}",
]
SECRET = "correct horse battery canary"


class Gone(io.StringIO):
    """A stream that nobody reads any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def stream(*, level: str = "info", human: bool = False) -> io.StringIO:
    written = io.StringIO()
    logs.configure(written, Redactor([SECRET]), level=level, human=human)
    return written


def events(written: io.StringIO) -> list[dict[str, Any]]:
    lines = written.getvalue().split("\n")
    assert lines.pop() == ""
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("text", HOSTILE)
def test_for_programs_each_event_is_one_line_of_printable_json(text: str) -> None:
    written = stream()

    structlog.get_logger().info(text, member=text)
    logging.getLogger("library").warning("%s", text)

    assert all(" " <= each <= "~" or each == "\n" for each in written.getvalue())
    assert [(each["event"], each.get("member")) for each in events(written)] == [(text, text), (text, None)]
    assert [list(each)[:3] for each in events(written)] == [["time", "level", "event"]] * 2


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=3))
def test_whatever_an_event_holds_it_reads_back(text: str, members: dict[str, str]) -> None:
    written = stream()

    structlog.get_logger().info(text, given=members)

    assert [(each["event"], each["given"], each["level"]) for each in events(written)] == [(text, members, "info")]


@pytest.mark.parametrize("text", HOSTILE)
def test_at_a_terminal_nothing_moves_the_cursor_or_begins_a_line(text: str) -> None:
    written = stream(human=True)

    structlog.get_logger().warning(text, member=text)

    assert written.getvalue().count("\n") == 1
    assert all(" " <= each <= "~" for each in written.getvalue().rstrip("\n"))


@pytest.mark.parametrize("human", [True, False])
def test_what_nobody_foresaw_is_logged_in_full_and_without_secrets(human: bool) -> None:
    written = stream(human=human)
    try:
        dict[str, str]()[f"{SECRET} and placet_key_{'a' * 50}"]
    except KeyError:
        Reports(Metrics()).bug(Exchange(request_id="r1", address="", method="GET"))

    said = written.getvalue()
    assert "r1" in said
    assert "test_what_nobody_foresaw_is_logged_in_full_and_without_secrets" in said
    assert said.count(GONE) >= 2
    assert SECRET not in said
    assert "a" * 50 not in said


def test_levels_are_kept() -> None:
    written = stream(level="warning")

    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().error("loud")

    assert [each["event"] for each in events(written)] == ["loud"]


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    logs.configure(Gone(), Redactor(), level="info", human=False)

    structlog.get_logger().info("nobody hears this")


async def nowhere(_: Call) -> Answer:
    return Answer()


def an_exchange(*, at_once: bool = False, caller: Caller | None = None, code: str = "") -> Exchange:
    route = Route(
        method="GET",
        path="/v1/{package}",
        handler=nowhere,
        summary="",
        tag="",
        answers={},
        access=Access.PUBLIC,
        at_once=at_once,
    )
    return Exchange(request_id="r1", address="203.0.113.9", method="GET", route=route, caller=caller, code=code)


def test_a_request_is_told_by_its_template_who_asked_and_what_came_of_it() -> None:
    written = stream()
    caller = Caller(principal_id="person:alice", credential_id="key_abc", scopes=())

    Reports(Metrics()).answered(an_exchange(caller=caller, code="SCOPE_INSUFFICIENT"), 403, 0.01234)

    (told,) = events(written)
    assert {name: told[name] for name in told if name != "time"} == {
        "level": "warning",
        "event": "request",
        "status": 403,
        "request_id": "r1",
        "method": "GET",
        "route": "/v1/{package}",
        "ms": 12.3,
        "code": "SCOPE_INSUFFICIENT",
        "principal": "person:alice",
        "credential": "key_abc",
        "address": "203.0.113.9",
    }


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (200, "info"),
        (404, "info"),
        (401, "warning"),
        (429, "warning"),
        (503, "warning"),
        (500, "error"),
        (502, "error"),
    ],
)
def test_how_loud_a_request_is_told_follows_its_status(status: int, level: str) -> None:
    written = stream(level="debug")

    Reports(Metrics()).answered(an_exchange(), status, 0)

    assert events(written)[0]["level"] == level


def test_probes_are_told_only_to_who_asks_for_everything() -> None:
    written = stream()
    Reports(Metrics()).answered(an_exchange(at_once=True), 200, 0)
    assert events(written) == []

    written = stream(level="debug")
    Reports(Metrics()).answered(an_exchange(at_once=True), 200, 0)
    assert len(events(written)) == 1


def test_what_never_became_a_request_is_told_too() -> None:
    written, metrics = stream(), Metrics()

    Reports(metrics).refused("r2", "REQUEST_MALFORMED", 400, "203.0.113.9")

    assert [(each["request_id"], each["code"]) for each in events(written)] == [("r2", "REQUEST_MALFORMED")]
    assert b'placet_http_errors_total{code="REQUEST_MALFORMED"} 1.0' in metrics.text()
