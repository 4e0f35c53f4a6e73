"""Laws of paths and routes: read once, in one way, and found as a slow and simple reader would find them."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.errors import InvalidInputError, NotFoundError
from placet.web.raw_path import segments
from placet.web.route import Answer, Call, Route
from placet.web.router import MethodNotAllowedError, Router
from placet.web.table import ROUTES

LETTERS = "abcXYZ019._~@+:-"
PLAIN = st.text(LETTERS, min_size=1, max_size=8).filter(lambda text: text not in (".", ".."))
SEGMENT = st.one_of(PLAIN, st.tuples(PLAIN, PLAIN).map("/".join))
TRICKY = st.text("/.%2fFeE05cC\\;#?x\0é", max_size=24)
WORDS = ("a", "b", "list", "{id}", "{other}", "{package}")
TEMPLATES = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=4).map(lambda parts: "/" + "/".join(parts)), min_size=1, max_size=6
)


@given(st.lists(SEGMENT, max_size=6))
def test_what_is_encoded_once_is_read_once(parts: list[str]) -> None:
    raw = "/" + "/".join(quote(part, safe="") for part in parts)

    assert segments(raw.encode()) == tuple(parts)


@given(st.lists(PLAIN, max_size=6))
def test_what_needs_no_encoding_may_go_without(parts: list[str]) -> None:
    raw = "/" + "/".join(parts)

    assert segments(raw.encode()) == tuple(parts)


@given(st.one_of(st.binary(max_size=60), TRICKY.map(lambda text: f"/{text}".encode("utf-8", "replace"))))
def test_whatever_is_sent_is_refused_or_has_one_harmless_reading(raw: bytes) -> None:
    found = read(raw)
    if isinstance(found, str):
        assert found in ("PATH_INVALID", "PATH_TOO_LONG")
        return
    for segment in found:
        assert re.fullmatch(r"[A-Za-z0-9._~@+:/-]+", segment)
        assert unquote(segment) == segment
        assert not {"", ".", ".."}.intersection(segment.split("/"))
    assert segments(("/" + "/".join(quote(part, safe="") for part in found)).encode()) == found


def read(raw: bytes) -> tuple[str, ...] | str:
    """Return the segments, or the code that refuses them."""
    try:
        return segments(raw)
    except InvalidInputError as error:
        return error.code


def find(router: Router, method: str, path: list[str]) -> Route | NotFoundError:
    try:
        return router.find(method, tuple(path))[0]
    except NotFoundError as error:
        return error


async def nowhere(_: Call) -> Answer:
    return Answer()


def routes(templates: list[str]) -> list[Route]:
    templates = [each for each in templates if len(names := re.findall(r"\{.*?\}", each)) == len(set(names))]
    unique = {re.sub(r"\{(?!package)[a-z]+\}", "{}", template): template for template in templates}
    return [
        Route(method="GET", path=template, handler=nowhere, summary="", tag="", answers={})
        for template in unique.values()
    ]


def readings(template: str, path: tuple[str, ...]) -> list[dict[str, str]]:
    """Return every way in which a path can be read as a template, the slow way."""
    parts = [part for part in template.split("/") if part]
    if not parts:
        return [] if path else [{}]
    name, behind = parts[0], "/" + "/".join(parts[1:])
    found = []
    for taken in (1, 2) if name == "{package}" else (1,):
        value = "/".join(path[:taken])
        if len(path) >= taken and _fits(name, value):
            known = {} if not name.startswith("{") else {name.strip("{}"): value}
            found += [{**rest, **known} for rest in readings(behind, path[taken:])]
    return found


def _fits(name: str, value: str) -> bool:
    if name == "{package}":
        return re.fullmatch(r"@[^/]+/[^/]+|[^@/][^/]*", value) is not None
    return value == name or (name.startswith("{") and "/" not in value)


def test_no_route_has_two_parameters_of_one_name() -> None:
    for route in ROUTES:
        names = re.findall(r"\{.*?\}", route.path)
        assert len(names) == len(set(names)), route.path


@given(TEMPLATES, st.lists(st.one_of(st.sampled_from(["a", "b", "list", "@x", "@x/y"]), SEGMENT), max_size=5))
def test_a_route_is_found_exactly_where_its_template_can_be_read(templates: list[str], path: list[str]) -> None:
    table = routes(templates)
    possible = {route.path: readings(route.path, tuple(path)) for route in table}
    try:
        route, parameters = Router(table).find("GET", tuple(path))
    except NotFoundError:
        assert not any(possible.values())
        return
    assert dict(parameters) in possible[route.path]


@given(TEMPLATES, st.lists(st.sampled_from(["a", "b", "list"]), max_size=4))
def test_a_word_goes_before_a_parameter(templates: list[str], path: list[str]) -> None:
    table = routes([*templates, "/" + "/".join(path)])

    assert Router(table).find("GET", tuple(path))[0].path == "/" + "/".join(path)


@given(st.text(max_size=10), st.lists(SEGMENT, max_size=5))
def test_another_method_is_told_which_there_are(method: str, path: list[str]) -> None:
    found = find(Router(ROUTES), method, path)

    if isinstance(found, MethodNotAllowedError):
        assert found.allowed
        assert method not in found.allowed
    else:
        assert found.method == method if isinstance(found, Route) else found.code == "NOT_FOUND"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_of_the_table_is_found(route: Route) -> None:
    path = segments(route.path.replace("{package}", "@acme%2Ftool").replace("{", "").replace("}", "").encode())

    assert Router(ROUTES).find(route.method, path)[0] is route
