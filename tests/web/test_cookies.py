"""Cookies belong to one host and no script, and vouch for nothing that another page sends."""

from __future__ import annotations

import pytest

from placet.errors import DeniedError
from placet.web.cookies import SESSION, Cookies

HTTPS = Cookies(base_url="https://placet.example.com/registry")
LOCAL = Cookies(base_url="http://localhost:8480")


def test_over_https_no_other_host_may_plant_or_read_one() -> None:
    assert HTTPS.set(SESSION, "x", 60) == (
        "__Host-placet_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
    )
    assert HTTPS.drop(SESSION).startswith("__Host-placet_session=; Path=/; Max-Age=0;")
    assert LOCAL.set(SESSION, "x", 60) == "placet_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("__Host-placet_session=x", "x"),
        ("a=b; __Host-placet_session=x; c=d", "x"),
        ("placet_session=x", ""),
        ("__Host-placet_session=x; __Host-placet_session=y", ""),
        ("__host-placet_session=x", ""),
        ("__Host-placet_session", ""),
        ("", ""),
    ],
)
def test_one_is_read_by_its_whole_name_and_only_where_it_is_alone(sent: str, shown: str) -> None:
    assert HTTPS.shown(SESSION, {"cookie": sent}) == shown
    assert HTTPS.shown(SESSION, {}) == ""


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_needs_no_proof(method: str) -> None:
    HTTPS.check_own_page(method, {"sec-fetch-site": "cross-site"})


CHANGING = pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])


@CHANGING
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-origin", "origin": "https://placet.example.com"},
        {"origin": "https://placet.example.com"},
    ],
)
def test_a_page_of_this_very_service_may_change_something(method: str, headers: dict[str, str]) -> None:
    HTTPS.check_own_page(method, headers)


@CHANGING
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://placet.example.com"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": ""},
        {"origin": "http://placet.example.com"},
        {"origin": "https://placet.example.com:8443"},
        {"origin": "https://placet.example.com.evil.example.net"},
        {"origin": "null"},
        {"origin": ""},
        {},
    ],
)
def test_no_other_page_may_and_nobody_who_does_not_say(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(DeniedError, match="CROSS_SITE"):
        HTTPS.check_own_page(method, headers)
