"""A50: an issuer's documents send us to no loopback, private or metadata address, and browsers to no other scheme."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from placet.adapters.oidc.place import check_browser_address, discovery_of, place_in
from placet.domain.authorization.issuer import Issuer
from placet.errors import EffectError, PlacetError
from support.identity import TERMS, AtIssuer
from support.issuer_double import IssuerDouble, an_issuer, signed

OPEN = Issuer(url="https://id.example.com", terms=TERMS, pepper=bytes(32))
INSIDE = (
    "http://127.0.0.1:9/jwks",
    "http://[::1]:9/jwks",
    "http://localhost:9/jwks",
    "https://127.0.0.1/jwks",
    "https://10.0.0.1/jwks",
    "https://169.254.169.254/latest",
    "https://[::ffff:127.0.0.1]/jwks",
    "https://2130706433/jwks",
    "https://0x7f000001/jwks",
    "https://127.1/jwks",
    "https://8.8.8.8/jwks",
    "https://a.localhost/jwks",
    "http://id.example.com/jwks",
    "http://other.example.com/jwks",
    "https://user:secret@id.example.com/jwks",
    "https://id.example.com@10.0.0.1/jwks",
    "https://id.example.com/../jwks",
    "https://id.example.com/a/%2e%2e/jwks",
    "https://id.example.com/jwks?next=http://127.0.0.1",
    "https://id.example.com/jwks#x",
    "https://id.example.com/",
    "https://id.example.com",
    "file:///etc/passwd",
    "gopher://id.example.com/jwks",
    "//id.example.com/jwks",
    "",
)


@pytest.fixture
def issuer() -> Iterator[IssuerDouble]:
    with an_issuer() as double:
        yield double


@pytest.mark.parametrize("url", INSIDE)
def test_a_document_leads_into_no_network_of_ours(url: str) -> None:
    with pytest.raises(EffectError, match="EGRESS_DENIED"):
        place_in(OPEN, url)


@pytest.mark.parametrize(
    "url", ["https://id.example.com/keys", "https://id.example.com/a/b/keys", "https://keys.example.net/v3/certs"]
)
def test_a_document_may_lead_to_the_issuer_itself_and_to_names_of_the_open_network(url: str) -> None:
    place = place_in(OPEN, url)

    assert place.endpoint.url(place.path) == url
    assert not place.endpoint.private


def test_only_the_issuer_s_own_host_may_be_private() -> None:
    private = Issuer(url=OPEN.url, terms=replace(TERMS, private=True), pepper=bytes(32))

    assert discovery_of(private).endpoint.private
    assert place_in(private, "https://id.example.com/keys").endpoint.private
    assert not place_in(private, "https://keys.example.net/certs").endpoint.private


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "http://id.example.com/authorize", "https://id.example.com/authorize#x", "data:text/html,x",
     "https://id.example.com/a b", "https://id.example.com/a\r\nset-cookie: x", "//id.example.com/authorize", ""],
)  # fmt: skip
def test_a_browser_is_sent_to_a_plain_address(url: str) -> None:
    with pytest.raises(EffectError, match="EGRESS_DENIED"):
        check_browser_address(url)


def test_a_browser_is_sent_with_the_query_that_the_issuer_wants() -> None:
    assert check_browser_address("https://id.example.com/authorize?p=acme") == "https://id.example.com/authorize?p=acme"


@pytest.mark.parametrize("member", ["token_endpoint", "jwks_uri"])
def test_nothing_is_opened_where_a_trusted_issuer_s_document_leads_elsewhere_on_this_machine(
    issuer: IssuerDouble, member: str
) -> None:
    with an_issuer() as inside:
        issuer.metadata = {member: f"{inside.url}/jwks"}
        world = AtIssuer(issuer)

        with pytest.raises(EffectError, match="EGRESS_DENIED"):
            world.begun()

        assert inside.asked == []


@pytest.mark.parametrize(
    "change", ["slash", "capital", "another", "missing", "number", "no endpoint", "no document", "no JSON"]
)
def test_a_discovery_document_of_somebody_else_is_believed_in_nothing(issuer: IssuerDouble, change: str) -> None:
    issuers = {
        "slash": issuer.url + "/",
        "capital": issuer.url.upper(),
        "another": "https://id.example.com",
        "number": 5,
    }
    if change in issuers:
        issuer.metadata = {"issuer": issuers[change]}
    elif change == "no endpoint":
        issuer.metadata = {"token_endpoint": None}
    else:
        answers = {"missing": (200, b"{}"), "no document": (404, b""), "no JSON": (200, b"<html>")}
        issuer.answers["/.well-known/openid-configuration"] = answers[change]

    with pytest.raises(PlacetError, match="OIDC_INVALID"):
        AtIssuer(issuer).begun()


def test_a_redirect_is_not_followed(issuer: IssuerDouble) -> None:
    issuer.answers["/.well-known/openid-configuration"] = (302, b"")

    with pytest.raises(PlacetError, match="OIDC_INVALID"):
        AtIssuer(issuer).begun()

    assert issuer.asked == ["GET /.well-known/openid-configuration"]


def test_what_was_good_once_is_asked_for_again_after_an_hour_only(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)
    for _ in range(3):
        begun = world.begun()
        world.given(signed(world.token(begun, "alice"), {"alg": "RS256", "kid": "k1"}), begun)

    assert issuer.asked.count("GET /.well-known/openid-configuration") == 1
