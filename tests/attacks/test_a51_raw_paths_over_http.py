"""A51: paths that another reader would lead elsewhere are refused as they stand, and reach nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.raw_client import send
from support.service import Service, serving_trial

PLACES = {
    "a name": b"GET /v1/certificates/package/%s HTTP/1.1",
    "an id": b"GET /v1/certificates/%s HTTP/1.1",
    "an id for everybody": b"GET /v1/certificates/verify/%s HTTP/1.1",
    "an id inside": b"POST /v1/certificates/%s/revoke HTTP/1.1",
    "a word": b"GET /v1/%s HTTP/1.1",
    "the beginning": b"GET /%s HTTP/1.1",
    "this machine's": b"GET /metrics/%s HTTP/1.1",
}
"""Where a trick can stand, in every kind of route."""

IN_A_SEGMENT = {
    "parent": b"..",
    "here": b".",
    "nothing": b"",
    "three dots, then parent": b".../..",
    "encoded dots": b"%2e%2e",
    "encoded dots in capitals": b"%2E%2E",
    "one encoded dot": b".%2e",
    "the other encoded dot": b"%2e.",
    "encoded here": b"%2e",
    "parent and slash": b"..%2f",
    "parents": b"..%2f..%2fx",
    "parents in the middle": b"x%2f..%2fy",
    "encoded parents": b"%2e%2e%2f%2e%2e%2fx",
    "parent and backslash": b"..%5c",
    "raw backslash": b"..\\x",
    "encoded backslash": b"x%5cy",
    "twice encoded slash": b"x%252fy",
    "twice encoded dots": b"%252e%252e",
    "twice encoded parents": b"..%252f..%252fx",
    "three times encoded": b"%25252e",
    "mixed encodings": b"%2e%252e%2f",
    "encoded percent sign": b"x%25",
    "percent sign alone": b"%",
    "half an escape": b"%2",
    "no escape": b"%zz",
    "escape in an escape": b"%%32%66",
    "split escape": b"%2%66",
    "javascript's escape": b"%u002e%u002e",
    "javascript's slash": b"%u2215",
    "nul": b"x%00",
    "nul before": b"%00x",
    "nul and ending": b"x%00.json",
    "line feed": b"x%0a",
    "carriage return": b"x%0d",
    "header injection": b"x%0d%0aSet-Cookie:%20a=b",
    "tab": b"x%09y",
    "blank": b"x%20y",
    "blank behind": b"x%20",
    "plus and blank": b"x+%20",
    "delete": b"x%7f",
    "escape character": b"x%1b%5b2J",
    "overlong slash": b"..%c0%afx",
    "overlong dots": b"%c0%ae%c0%ae",
    "overlong slash of three": b"%e0%80%af",
    "overlong slash of four": b"%f0%80%80%af",
    "overlong backslash": b"%c1%9c",
    "overlong nul": b"x%c0%80",
    "full-width slash": b"..%ef%bc%8fx",
    "full-width dots": b"%ef%bc%8e%ef%bc%8e",
    "full-width letters": b"%ef%bd%94%ef%bd%8f%ef%bd%8f%ef%bd%8c",
    "full-width percent sign": b"%ef%bc%8532%66",
    "fraction slash": b"x%e2%81%84y",
    "division slash": b"x%e2%88%95y",
    "one dot leader": b"%e2%80%a4%e2%80%a4",
    "two dot leader": b"%e2%80%a5",
    "reading direction": b"x%e2%80%ae",
    "no-break space": b"x%c2%a0",
    "combining accent": b"e%cc%81",
    "composed accent": b"%c3%a9",
    "zero width": b"x%e2%80%8by",
    "half a surrogate pair": b"%ed%a0%80",
    "no utf-8": b"x%ff",
    "a lone continuation": b"x%80",
    "raw utf-8": "é".encode(),
    "raw latin-1": b"\xe9",
    "encoded question mark": b"x%3fy",
    "encoded fragment": b"x%23y",
    "raw fragment": b"x#y",
    "matrix parameter": b"x;jsessionid=1",
    "parent with parameter": b"..;",
    "parameter before parent": b";..",
    "encoded semicolon": b"x%3by",
    "comma": b"x,y",
    "ampersand": b"x&y",
    "dollar": b"${x}",
    "quote": b"x%22y",
    "sql": b"x'%20or%20'1'='1",
    "tag": b"%3cscript%3e",
    "template": b"%7b%7b7*7%7d%7d",
    "glob": b"*",
    "encoded glob": b"%2a",
    "pipe": b"x%7cy",
    "slash alone": b"%2f",
    "slash before": b"%2fx",
    "slash behind": b"x%2f",
    "two slashes together": b"x%2f%2fy",
    "two slashes": b"x%2fy%2fz",
    "two raw slashes": b"x//y",
    "raw slash behind": b"x/",
    "drive": b"c:%5cx",
    "share": b"%5c%5chost%5cx",
    "too long": b"x" * 3000,
    "too long, encoded": b"%78" * 1000,
}
OF_A_NAME = {
    "scope alone": b"@acme",
    "scope and nothing": b"@acme%2f",
    "scope and parent": b"@acme%2f..",
    "scope and raw parent": b"@acme/..",
    "no scope": b"@%2ftool",
    "scope is parent": b"@..%2ftool",
    "two scopes": b"@acme%2f@acme%2ftool",
    "scope encoded twice": b"@acme%252ftool",
    "hidden": b".tool",
    "capitals": b"Tool",
    "option": b"--registry=x",
    "long": b"x" * 215,
}
OF_A_TARGET = {
    "two slashes before": b"GET //health HTTP/1.1",
    "slash behind": b"GET /health/ HTTP/1.1",
    "encoded slash before": b"GET /%2fhealth HTTP/1.1",
    "climbing back": b"GET /x/../health HTTP/1.1",
    "here before": b"GET /./health HTTP/1.1",
    "here behind": b"GET /health/. HTTP/1.1",
    "backslash": b"GET \\health HTTP/1.1",
    "no slash": b"GET health HTTP/1.1",
    "absolute": b"GET http://localhost/health HTTP/1.1",
    "absolute elsewhere": b"GET https://example.com/health HTTP/1.1",
    "absolute without path": b"GET http://localhost HTTP/1.1",
    "everything": b"OPTIONS * HTTP/1.1",
    "authority": b"CONNECT localhost:443 HTTP/1.1",
    "fragment": b"GET /health#x HTTP/1.1",
    "fragment in the query": b"GET /health?a=b#c HTTP/1.1",
    "capitals": b"GET /HEALTH HTTP/1.1",
    "ending": b"GET /health.json HTTP/1.1",
    "parameter": b"GET /health;a=b HTTP/1.1",
    "two versions": b"GET /health HTTP/1.1 HTTP/1.1",
    "blank": b"GET /heal th HTTP/1.1",
    "tab": b"GET\t/health HTTP/1.1",
    "nul": b"GET /hea\0lth HTTP/1.1",
    "method overridden": b"get /health HTTP/1.1",
}
CODES = {"PATH_INVALID", "PATH_TOO_LONG", "NOT_FOUND", "NAME_INVALID", "NAME_CONFUSABLE", "REQUEST_MALFORMED"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving_trial(tmp_path_factory.mktemp("trial")) as service:
        yield service


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    return service.key("*=*")


def reached(service: Service, line: bytes, key: str) -> str:
    """Ask with the request line `line`; return what is wrong with how it was refused, if anything is."""
    heard = send(service, line + f"\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: {key}\r\n\r\n".encode())
    if heard.status not in (400, 404, 414) or heard.code not in CODES:
        return f"{line!r}: {heard.content[:60]!r}"
    if (
        heard.headers["x-content-type-options"] != "nosniff"
        or heard.headers["content-type"] != "application/problem+json"
    ):
        return f"{line!r}: {heard.headers}"
    route = service.logged(heard.headers["x-request-id"])["route"]
    return f"{line!r} came to {route}" if route else ""


def test_there_are_more_than_enough_tricks() -> None:
    assert len(IN_A_SEGMENT) + len(OF_A_NAME) + len(OF_A_TARGET) >= 64


@pytest.mark.parametrize("trick", IN_A_SEGMENT)
def test_a_trick_in_a_segment_reaches_nothing_wherever_it_stands(service: Service, key: str, trick: str) -> None:
    lines = [place.replace(b"%s", IN_A_SEGMENT[trick]) for place in PLACES.values()]

    assert [wrong for line in lines if (wrong := reached(service, line, key))] == []


@pytest.mark.parametrize("trick", OF_A_NAME)
def test_a_name_that_is_none_reaches_nothing(service: Service, key: str, trick: str) -> None:
    assert reached(service, PLACES["a name"].replace(b"%s", OF_A_NAME[trick]), key) == ""


@pytest.mark.parametrize("trick", OF_A_TARGET)
def test_a_target_that_is_no_path_of_ours_reaches_nothing(service: Service, key: str, trick: str) -> None:
    assert reached(service, OF_A_TARGET[trick], key) == ""


def test_what_was_tried_stands_in_no_log(service: Service, key: str) -> None:
    send(service, b"GET /v1/certificates/package/c4n4ry%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    send(service, f"GET /v1/certificates/c4n4ry?c4n4ry={key} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    last = service.ask("GET", "/health")
    service.logged(last.headers["x-request-id"])

    assert "c4n4ry" not in service.log
    assert key not in service.log


def test_names_that_are_names_are_found_raw_and_encoded(service: Service, key: str) -> None:
    for name in ("tool", "@acme/tool", "@acme%2Ftool", "%40acme%2ftool", "t.o_o-l"):
        assert service.ask("GET", f"/v1/certificates/package/{name}", key=key).status == 200
