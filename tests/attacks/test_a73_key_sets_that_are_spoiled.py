"""A73: ids that nobody's key has, and key sets that are empty or broken, push out no good key and cause no flood."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from placet.errors import PlacetError
from support.identity import AtIssuer
from support.issuer_double import IssuerDouble, an_issuer, ec_key, jwk, rsa_key, signed

HEADER = {"alg": "RS256", "kid": "k1"}
OURS = "ours"


@pytest.fixture
def issuer() -> Iterator[IssuerDouble]:
    with an_issuer() as double:
        yield double


def fetched(issuer: IssuerDouble) -> int:
    """Return how often the key set was fetched."""
    return issuer.asked.count("GET /jwks")


def signs_in(world: AtIssuer, header: dict[str, Any] | None = None, key: Any = None) -> str:
    begun = world.begun()
    try:
        return world.given(signed(world.token(begun, "alice"), header or HEADER, key), begun).session.principal_id
    except PlacetError as error:
        return error.code


def test_random_ids_cause_one_refresh_a_minute_and_keep_the_key(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)
    assert signs_in(world) == "person:alice"

    for minute in range(3):
        for number in range(20):
            assert signs_in(world, HEADER | {"kid": f"random-{minute}-{number}"}) == "OIDC_INVALID"
        assert fetched(issuer) <= minute + 2
        world.move(seconds=60)

    before = fetched(issuer)
    assert signs_in(world) == "person:alice"
    assert fetched(issuer) == before


SPOILED = {
    "an empty set": (200, b'{"keys": []}'),
    "no set": (200, b"{}"),
    "no JSON": (200, b"<html>"),
    "a set named twice": (200, b'{"keys": [], "keys": []}'),
    "an error": (500, b""),
    "nothing": (404, b""),
    "a redirect": (302, b""),
    "a shared secret": (200, json.dumps({"keys": [{"kty": "oct", "kid": "k1", "k": "AAAA"}]}).encode()),
    "only weak keys": (200, json.dumps({"keys": [{"kty": "RSA", "kid": "k1", "n": "AQAB", "e": "AQAB"}]}).encode()),
    "only keys for encryption": (200, json.dumps({"keys": [{"kty": "EC", "kid": "k1", "use": "enc"}]}).encode()),
    "too much": (200, b'{"keys": [' + b" " * 300_000 + b"]}"),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_key_set_without_a_good_key_replaces_none(issuer: IssuerDouble, spoiled: str) -> None:
    world = AtIssuer(issuer)
    assert signs_in(world) == "person:alice"
    issuer.answers["/jwks"] = SPOILED[spoiled]
    world.move(hours=2)

    assert signs_in(world) == "person:alice"
    assert fetched(issuer) == 2


@pytest.mark.parametrize("spoiled", SPOILED)
def test_where_there_was_never_a_good_key_nobody_signs_in_and_the_issuer_is_asked_once_a_minute(
    issuer: IssuerDouble, spoiled: str
) -> None:
    issuer.answers["/jwks"] = SPOILED[spoiled]
    world = AtIssuer(issuer)

    for _ in range(3):
        assert signs_in(world) in ("OIDC_INVALID", "PROVIDER_AMBIGUOUS")
    assert fetched(issuer) == 1

    issuer.answers.clear()
    world.move(seconds=60)
    assert signs_in(world) == "person:alice"


def test_a_new_key_is_found_and_one_that_was_taken_away_is_gone(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)
    assert signs_in(world) == "person:alice"
    issuer.keys = [jwk(rsa_key("next"), "k2")]
    world.move(seconds=60)

    assert signs_in(world, HEADER | {"kid": "k2"}, rsa_key("next")) == "person:alice"
    assert signs_in(world) == "OIDC_INVALID"


def test_keys_are_looked_at_again_after_an_hour(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)
    assert signs_in(world) == "person:alice"
    issuer.keys = [jwk(rsa_key("next"), "k2")]
    world.move(minutes=59)
    assert signs_in(world) == "person:alice"
    world.move(minutes=1)

    assert signs_in(world) == "OIDC_INVALID"


def test_a_set_that_names_a_key_twice_is_believed_in_nothing(issuer: IssuerDouble) -> None:
    issuer.keys = [jwk(rsa_key(), "k1"), jwk(rsa_key("another"), "k1")]

    assert signs_in(AtIssuer(issuer)) == "OIDC_INVALID"


def test_keys_that_cannot_sign_stand_beside_those_that_can(issuer: IssuerDouble) -> None:
    good = jwk(rsa_key(), "k1")
    issuer.keys = [
        {"kty": "oct", "kid": "k0", "k": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "k2", "x": "AAAA"},
        jwk(ec_key(), "k3") | {"x": "AAAA"},
        jwk(ec_key(), "k4") | {"x": 5},
        jwk(rsa_key(), "k5") | {"n": "*"},
        jwk(rsa_key(), ""),
        good | {"kid": 5},
        good,
    ]
    world = AtIssuer(issuer)

    assert signs_in(world) == "person:alice"
    for number in ("k0", "k2", "k3", "k4", "k5"):
        assert signs_in(world, HEADER | {"kid": number}) == "OIDC_INVALID"


def test_a_token_that_names_no_key_is_the_only_one_s_where_there_is_only_one(issuer: IssuerDouble) -> None:
    world = AtIssuer(issuer)
    assert signs_in(world, {"alg": "RS256"}) == "person:alice"
    issuer.keys.append(jwk(rsa_key("next"), "k2"))
    world.move(hours=1)

    assert signs_in(world, {"alg": "RS256"}) == "OIDC_INVALID"
