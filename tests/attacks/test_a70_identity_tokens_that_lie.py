"""A70: tokens for others, of others, and signed otherwise: really made, by an issuer or by a thief of one's answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.authorization.sign_in import SignIn
from support.identity import TERMS, AtIssuer
from support.issuer_double import SECRET, IssuerDouble, an_issuer, base64url, ec_key, jwk, rsa_key, signed

HEADER = {"alg": "RS256", "kid": "k1", "typ": "JWT"}
Claims = dict[str, Any]
KEYS: dict[str, Callable[[], Any]] = {
    "k1": rsa_key,
    "k2": ec_key,
    "k3": lambda: ec_key("P-384"),
    "a stranger's": lambda: rsa_key("a stranger's"),
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[IssuerDouble]:
    with an_issuer() as double:
        yield double


@pytest.fixture
def world(issuer: IssuerDouble) -> AtIssuer:
    issuer.keys = [jwk(rsa_key(), "k1"), jwk(ec_key(), "k2"), jwk(ec_key("P-384"), "k3")]
    issuer.metadata, issuer.answers = {}, {}
    return AtIssuer(issuer, replace(TERMS, algorithms=("RS256", "PS256", "ES256", "ES384")))


def refused(world: AtIssuer, token: str, begun: SignIn) -> None:
    """Come back with this token: denied by its code, on record by its digest, and nobody signed in."""
    with world.refusing("OIDC_INVALID") as denied:
        world.given(token, begun)
    assert denied.actor == "unverified:sign-in"
    assert str(denied.data["shown"]).startswith("sha256:")
    assert world.entries("session.created") == []


@pytest.mark.parametrize(("algorithm", "key_id"), [("RS256", "k1"), ("PS256", "k1"), ("ES256", "k2"), ("ES384", "k3")])
def test_an_honest_token_of_each_algorithm_lets_its_person_in(world: AtIssuer, algorithm: str, key_id: str) -> None:
    begun = world.begun()
    token = signed(world.token(begun, "alice"), {"alg": algorithm, "kid": key_id}, KEYS[key_id]())

    assert world.given(token, begun).session.principal_id == "person:alice"


CLAIMS: dict[str, Callable[[Claims], object]] = {
    "another audience": lambda claims: claims.update(aud="other"),
    "several audiences": lambda claims: claims.update(aud=["placet", "other"]),
    "our audience twice": lambda claims: claims.update(aud=["placet", "placet"]),
    "our audience in capitals": lambda claims: claims.update(aud="PLACET"),
    "no audience": lambda claims: claims.pop("aud"),
    "another party": lambda claims: claims.update(azp="other"),
    "an issuer with a slash": lambda claims: claims.update(iss=claims["iss"] + "/"),
    "an issuer in capitals": lambda claims: claims.update(iss=claims["iss"].upper()),
    "another issuer": lambda claims: claims.update(iss="https://id.example.com"),
    "no issuer": lambda claims: claims.pop("iss"),
    "another nonce": lambda claims: claims.update(nonce="x"),
    "no nonce": lambda claims: claims.pop("nonce"),
    "no end": lambda claims: claims.pop("exp"),
    "an end that is past": lambda claims: claims.update(exp=claims["iat"] - 61),
    "an end in words": lambda claims: claims.update(exp=str(claims["exp"])),
    "made long ago": lambda claims: claims.update(iat=claims["iat"] - 10_000),
    "made tomorrow": lambda claims: claims.update(iat=claims["iat"] + 86_400, exp=claims["exp"] + 86_400),
    "not before tomorrow": lambda claims: claims.update(nbf=claims["iat"] + 86_400),
    "no subject": lambda claims: claims.pop("sub"),
    "a subject that is a list": lambda claims: claims.update(sub=["alice"]),
    "an empty token id": lambda claims: claims.update(jti=""),
}


@pytest.mark.parametrize("lie", CLAIMS)
def test_a_token_that_is_not_for_us_and_for_now_lets_nobody_in(world: AtIssuer, lie: str) -> None:
    begun = world.begun()
    claims: Claims = dict(world.token(begun, "alice"))
    CLAIMS[lie](claims)

    refused(world, signed(claims, HEADER), begun)


STRANGER = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "k1"}
HEADERS: dict[str, Claims] = {
    "no algorithm": {"alg": "none", "kid": "k1"},
    "no algorithm in capitals": {"alg": "NONE", "kid": "k1"},
    "a shared secret": {"alg": "HS256", "kid": "k1"},
    "an algorithm of no issuer": {"alg": "RS1", "kid": "k1"},
    "an algorithm that the key has not": {"alg": "ES256", "kid": "k1"},
    "critical members": HEADER | {"crit": ["b64"], "b64": False},
    "empty critical members": HEADER | {"crit": []},
    "a key set of its own": HEADER | {"jku": "http://127.0.0.1:9/jwks"},
    "a certificate of its own": HEADER | {"x5u": "http://127.0.0.1:9/x"},
    "certificates inside": HEADER | {"x5c": ["AA=="]},
    "a key inside": HEADER | {"jwk": STRANGER},
    "compression": HEADER | {"zip": "DEF"},
    "another type inside": HEADER | {"cty": "JWT"},
    "another key": HEADER | {"kid": "k9"},
    "no key of several": {"alg": "RS256"},
    "a key that is a path": HEADER | {"kid": "../../k1"},
    "a key that is a number": HEADER | {"kid": 1},
    "a key that is nothing": HEADER | {"kid": None},
    "an algorithm that is a list": {"alg": ["RS256"], "kid": "k1"},
}


@pytest.mark.parametrize("lie", HEADERS)
def test_a_header_chooses_nothing(world: AtIssuer, lie: str) -> None:
    begun = world.begun()

    refused(
        world,
        signed(world.token(begun, "alice"), HEADERS[lie], ec_key() if HEADERS[lie]["alg"] == "ES256" else rsa_key()),
        begun,
    )


SECRETS: dict[str, Callable[[], object]] = {
    "empty": lambda: b"",
    "our secret": SECRET.encode,
    "the key as published": lambda: json.dumps(jwk(rsa_key(), "k1")).encode(),
    "the key as PEM": rsa_key,
}


@pytest.mark.parametrize("secret", SECRETS)
def test_a_public_key_is_no_shared_secret(world: AtIssuer, secret: str) -> None:
    begun = world.begun()

    refused(world, signed(world.token(begun, "alice"), HEADER | {"alg": "HS256"}, SECRETS[secret]()), begun)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (HEADER, "a stranger's"),
        ({"alg": "PS256", "kid": "k1"}, "a stranger's"),
        ({"alg": "ES256", "kid": "k2"}, "k3"),
    ],
)
def test_a_signature_of_another_key_under_a_known_id_does_not_hold(world: AtIssuer, header: Claims, key: str) -> None:
    begun = world.begun()

    refused(world, signed(world.token(begun, "alice"), header, KEYS[key]()), begun)


def test_an_algorithm_that_the_record_does_not_name_is_not_believed_though_the_key_makes_it(
    issuer: IssuerDouble,
) -> None:
    issuer.keys, issuer.metadata, issuer.answers = [jwk(rsa_key(), "k1"), jwk(ec_key(), "k2")], {}, {}
    world = AtIssuer(issuer)
    begun = world.begun()

    for header, key in (({"alg": "PS256", "kid": "k1"}, rsa_key()), ({"alg": "ES256", "kid": "k2"}, ec_key())):
        refused(world, signed(world.token(begun, "alice"), header, key), begun)


def test_a_key_that_is_published_for_one_algorithm_makes_no_other(world: AtIssuer, issuer: IssuerDouble) -> None:
    issuer.keys = [jwk(rsa_key(), "k1", alg="PS256"), jwk(ec_key(), "k2")]
    begun = world.begun()

    refused(world, signed(world.token(begun, "alice"), HEADER), begun)


TWICE = b'{"alg":"RS256","kid":"k9","kid":"k1"}'
SPELLINGS: dict[str, Callable[[str, str, str], str]] = {
    "padded": lambda header, payload, signature: f"{header}.{payload}.{signature}==",
    "with a line break": lambda header, payload, signature: f"{header}.{payload}.{signature}\n",
    "with stray bits": lambda header, payload, signature: f"{header}.{payload}.{stray(signature)}",
    "in two parts": lambda header, payload, _: f"{header}.{payload}",
    "in four parts": lambda header, payload, signature: f"{header}.{payload}.{signature}.x",
    "without a signature": lambda header, payload, _: f"{header}.{payload}.",
    "without a header": lambda _, payload, signature: f".{payload}.{signature}",
    "with a header that is no object": lambda _, payload, signature: f"{base64url(b'[]')}.{payload}.{signature}",
    "with a key named twice": lambda _, payload, signature: f"{base64url(TWICE)}.{payload}.{signature}",
    "with another payload": lambda header, _, signature: f"{header}.{base64url(b'{}')}.{signature}",
    "with a plus": lambda header, payload, signature: f"{header}.{payload}.+{signature[1:]}",
    "with one letter too many": lambda header, payload, signature: f"{header}.{payload}.{signature}AAA",
    "too long": lambda header, _, signature: f"{header}.{'A' * 20_000}.{signature}",
}


def stray(signature: str) -> str:
    """Return what spells the same bytes to who overlooks the bits that no byte has."""
    return signature[:-1] + chr(ord(signature[-1]) + 1)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_token_has_one_spelling(world: AtIssuer, spelling: str) -> None:
    begun = world.begun()
    header, payload, signature = signed(world.token(begun, "alice"), HEADER).split(".")

    refused(world, SPELLINGS[spelling](header, payload, signature), begun)


@pytest.mark.parametrize("more", ['"sub": "alice"', '"x": NaN', '"x": 1e999', '"__proto__": {}', '"x": "\\ud800"'])
def test_a_payload_without_a_single_reading_is_refused_though_it_is_signed(world: AtIssuer, more: str) -> None:
    begun = world.begun()
    payload = json.dumps(world.token(begun, "alice"))[:-1] + f", {more}}}"

    refused(world, signed(payload.encode(), HEADER), begun)
