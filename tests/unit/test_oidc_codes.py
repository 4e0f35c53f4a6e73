"""Exchanging a code for a token: with our secret, our verifier, and where the answer came from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from placet.adapters.oidc.kept import Kept
from placet.errors import ConfigurationError, DeniedError, PlacetError
from placet.ports.effects import Secret
from support.identity import TERMS, AtIssuer
from support.issuer_double import CLIENT, SECRET, IssuerDouble, an_issuer, signed
from support.ledgers import SetClock

HEADER = {"alg": "RS256", "kid": "k1"}


@pytest.fixture
def issuer() -> Iterator[IssuerDouble]:
    with an_issuer() as double:
        yield double


def signs_in(world: AtIssuer, **changed: str) -> str:
    begun = world.begun()
    try:
        token = signed(world.token(begun, "alice"), HEADER)
        return world.given(token, begun, **changed).session.principal_id
    except PlacetError as error:
        return error.code


@pytest.mark.parametrize(
    "methods", [None, ["client_secret_basic"], ["client_secret_post"], ["private_key_jwt", "client_secret_post"], "x"]
)
def test_our_secret_goes_where_the_issuer_takes_it(issuer: IssuerDouble, methods: object) -> None:
    if methods is not None:
        issuer.metadata = {"token_endpoint_auth_methods_supported": methods}

    assert signs_in(AtIssuer(issuer)) == "person:alice"


def test_without_a_secret_none_is_sent_and_an_issuer_that_wants_one_refuses(issuer: IssuerDouble) -> None:
    assert signs_in(AtIssuer(issuer, replace(TERMS, client_secret=""))) == "OIDC_INVALID"


def test_a_secret_that_is_not_there_is_said_to_be_missing(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)

    def missing(name: str, whose: str) -> Secret | None:
        assert (name, whose) == ("env:SSO_SECRET", f"of issuer {issuer.url}")
        raise ConfigurationError("CREDENTIAL_MISSING", "the credential is not set")

    world.oidc._find_secret = missing

    assert signs_in(world) == "CREDENTIAL_MISSING"


def test_who_has_the_code_but_not_the_verifier_gets_no_token(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)
    victim, thief = world.begun(), world.begun()
    code = issuer.code_for(signed(world.token(victim, "alice"), HEADER), victim.challenge)

    with pytest.raises(DeniedError, match="OIDC_INVALID"):
        world.given("", thief, code=code)

    assert world.entries("session.created") == []


def test_a_code_is_good_once(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)
    begun = world.begun()
    token = signed(world.token(begun, "alice"), HEADER)
    code = issuer.code_for(token, begun.challenge)
    world.given(token, begun, code=code)

    with pytest.raises(DeniedError, match="OIDC_INVALID"):
        world.given(token, begun, code=code)


def test_an_answer_that_names_another_issuer_is_mixed_up(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)

    assert signs_in(world, answered_by=issuer.url) == "person:alice"
    assert signs_in(world) == "person:alice"
    assert signs_in(world, answered_by=f"{issuer.url}/") == "OIDC_INVALID"
    assert signs_in(world, answered_by="https://id.example.com") == "OIDC_INVALID"


def test_an_issuer_that_says_that_it_names_itself_does(issuer: IssuerDouble) -> None:
    issuer.metadata = {"authorization_response_iss_parameter_supported": True}
    world = AtIssuer(issuer)

    assert signs_in(world, answered_by=issuer.url) == "person:alice"
    assert signs_in(world) == "OIDC_INVALID"


@pytest.mark.parametrize("answer", [b"{}", b'{"id_token": 5}', b'{"id_token": "x", "id_token": "y"}', b"<html>"])
def test_an_answer_without_a_token_lets_nobody_in(issuer: IssuerDouble, answer: bytes) -> None:
    issuer.answers["/oauth/token"] = (200, answer)

    assert signs_in(AtIssuer(issuer)) == "OIDC_INVALID"


def test_an_issuer_that_is_away_is_said_to_be() -> None:
    with an_issuer() as issuer:
        world = AtIssuer(issuer)

    with pytest.raises(PlacetError, match="PROVIDER_UNREACHABLE"):
        world.begun()


def test_our_secret_stands_in_no_entry_message_or_repr(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)
    signs_in(world)
    issuer.answers["/oauth/token"] = (401, b"")

    assert signs_in(world) == "OIDC_INVALID"
    assert SECRET.encode() not in b"".join(world.contents())
    assert CLIENT


def test_a_document_is_fetched_once_for_all_who_want_it_at_once() -> None:
    fetched = 0

    async def fetch() -> int:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0)
        return fetched

    async def at_once() -> list[int]:
        kept = Kept(SetClock(), fetch)
        return await asyncio.gather(*(kept.get() for _ in range(20)))

    assert asyncio.run(at_once()) == [1] * 20
