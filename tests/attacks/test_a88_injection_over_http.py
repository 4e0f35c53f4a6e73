"""A88: what would be a command elsewhere is text in every string that a route takes: inert, and told as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.request import make_request
from placet.web.route import Route
from placet.web.table import ROUTES
from support.raw_client import send
from support.service import Reply, Service, serving_trial

pytestmark = pytest.mark.thorough

INJECTED = [
    "' OR '1'='1'; DROP TABLE entity; --",
    '"; UPDATE head SET size = 1; --',
    '{"$gt": ""}',
    "{{7*7}}${7*7}#{7*7}<%= 7*7 %>",
    "=1+1|' /C calc'!A0",
    '<script>alert(1)</script>"><img src=x onerror=alert(1)>',
    "$(id)`id`|id;id&&id",
    "../../../etc/passwd\0.json",
    "x\r\nSet-Cookie: evil=1\r\n\r\n<html>",
    "\x1b]0;owned\x07\u202e\u2028",
    "${jndi:ldap://example.com/x}%n%s%p",
    "__proto__",
]
ODD: list[object] = [{"$ne": ""}, ["x"], {"__proto__": {}}, None, 1e308, True]
"""What is no text where one is expected."""
PLAUSIBLE: dict[str, object] = {
    "type": "package",
    "package_name": "@acme/tool",
    "version": "9.9.9",
    "reason": "superseded",
    "event_type": "custom.event",
    "package": "@acme/tool",
}
"""What another member of a body may be, so that the injected one is looked at."""
TAKING_BODIES = [route for route in ROUTES if isinstance(route.body, type)]
TAKING_QUERIES = [route for route in ROUTES if route.query is not None]
TAKING_PARAMETERS = [route for route in ROUTES if "{" in route.path]


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving_trial(tmp_path_factory.mktemp("trial"), PLACET_RATE_PER_KEY="0") as service:
        yield service
        assert service.shell.done("ledger", "verify", "--json").json()["verified"] is True


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return service.key("*=*")


def a_request() -> str:
    return make_request(SoftwareKeyMaker().private_key(KeyAlgorithm.P256)).public_bytes(Encoding.PEM).decode("ascii")


def path_of(route: Route) -> str:
    """Return a path of the route that leads to nothing that is there."""
    path = route.path
    for name, value in (("{package}", "@acme%2Ftool"), ("{version}", "9.9.9")):
        path = path.replace(name, value)
    return path.replace("{", "").replace("}", "")


def check_inert(reply: Reply) -> None:
    """Return where an answer is JSON that nobody takes for a page."""
    assert reply.status < 500, reply.content
    assert reply.headers["content-type"] in ("application/json", "application/problem+json")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in {name.lower() for name in reply.headers}
    json.loads(reply.content)


def strings_of(shape: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(shape)]


@pytest.mark.parametrize("route", TAKING_BODIES, ids=named)
def test_in_a_member_of_a_body_it_is_text(service: Service, key: str, route: Route) -> None:
    assert isinstance(route.body, type)
    members = strings_of(route.body)
    whole = {name: PLAUSIBLE.get(name, "x") for name in members} | ({"csr": a_request()} if "csr" in members else {})
    for name in members:
        for value in ODD:
            check_inert(service.ask(route.method, path_of(route), whole | {name: value}, key=key))
    for text in INJECTED:
        for name in members:
            check_inert(service.ask(route.method, path_of(route), whole | {name: text}, key=key))
        check_inert(service.ask(route.method, path_of(route), whole | {text: text}, key=key))


@pytest.mark.parametrize("route", TAKING_QUERIES, ids=named)
def test_in_a_query_it_is_text(service: Service, key: str, route: Route) -> None:
    assert route.query is not None
    for text in INJECTED:
        for name in strings_of(route.query):
            query = f"{quote(name)}={quote(text)}"
            check_inert(service.ask(route.method, f"{path_of(route)}?{query}", key=key))
        check_inert(service.ask(route.method, f"{path_of(route)}?{quote(text)}={quote(text)}", key=key))


@pytest.mark.parametrize("route", TAKING_PARAMETERS, ids=named)
def test_in_a_path_it_leads_nowhere(service: Service, key: str, route: Route) -> None:
    before, _, behind = route.path.partition("{")
    for text in INJECTED:
        target = before + quote(text, safe="") + behind.partition("}")[2].replace("{", "").replace("}", "")
        reply = service.ask(route.method, target, {} if route.body else None, key=key)
        check_inert(reply)
        assert reply.status in (400, 403, 404)


@pytest.mark.parametrize(
    "name", ["User-Agent", "X-Request-Id", "X-Forwarded-For", "Accept", "Content-Type", "Cookie", "Via"]
)
def test_in_a_header_it_is_text(service: Service, key: str, name: str) -> None:
    for text in INJECTED:
        line = "".join(each for each in text if each.isprintable()).encode("utf-8")
        head = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + name.encode() + b": " + line
        heard = send(service, head + b"\r\nX-API-Key: " + key.encode() + b"\r\n\r\n")

        assert heard.status in (200, 400)
        assert "set-cookie" not in heard.headers
        assert heard.headers["x-request-id"].replace("-", "").replace("_", "").isalnum()


def test_what_was_injected_stands_in_the_log_as_one_line_or_not_at_all(service: Service, key: str) -> None:
    for text in INJECTED:
        body = dict.fromkeys(("type", "package_name", "version"), text)
        service.ask("POST", "/v1/certificates/issue", body, key=key)
    last = service.ask("GET", "/health")
    service.logged(last.headers["x-request-id"])

    lines = service.log.splitlines()
    assert all(json.loads(line)["event"] for line in lines)
    assert all(line.isascii() and line.isprintable() for line in lines)
