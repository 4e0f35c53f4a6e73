"""Where objects go, and what they are signed with: from the provider's record alone."""

from __future__ import annotations

import pytest

from placet.adapters.objectstore.place import key_pair_of, parse_place
from placet.errors import ConfigurationError, EffectError
from placet.ports.effects import Provider
from support.effects import GivenCredentials


def provider(url: str, region: str = "") -> Provider:
    return Provider(provider_id="objects", kind="s3", url=url, credential="env:S3", region=region)


@pytest.mark.parametrize(
    ("url", "region", "expected"),
    [
        ("https://s3.eu-central-1.amazonaws.com/acme", "", ("acme", "", "eu-central-1")),
        ("https://s3.dualstack.us-gov-west-1.amazonaws.com/acme", "", ("acme", "", "us-gov-west-1")),
        ("https://s3.amazonaws.com/acme", "", ("acme", "", "us-east-1")),
        ("https://0123abcd.r2.cloudflarestorage.com/acme/pre/fix/", "", ("acme", "pre/fix/", "auto")),
        ("https://store.example.com:8443/acme/x", "garage", ("acme", "x/", "garage")),
        ("http://127.0.0.1:8333/objects", "", ("objects", "", "us-east-1")),
        ("https://r2.cloudflarestorage.com.example.com/acme", "", ("acme", "", "us-east-1")),
    ],
)
def test_the_address_names_bucket_prefix_and_region(url: str, region: str, expected: tuple[str, str, str]) -> None:
    place = parse_place(provider(url, region))

    assert (place.bucket, place.prefix, place.region) == expected
    assert place.endpoint.base_path == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.example.com", "https://s3.example.com/", "https://s3.example.com/ab",
        "https://s3.example.com/Acme", "https://s3.example.com/a..b", "https://s3.example.com/acme/.placet-check",
        "https://s3.example.com/acme//x", "https://s3.example.com/acme/%2e%2e", "https://s3.example.com/acme?x=1",
        "https://key:secret@s3.example.com/acme", "http://s3.example.com/acme", "s3://acme", "https://s3.example.com/a%62c",
    ],
)  # fmt: skip
def test_an_address_that_is_no_bucket_is_denied(url: str) -> None:
    with pytest.raises(EffectError, match="EGRESS_DENIED"):
        parse_place(provider(url))


@pytest.mark.parametrize("region", ["eu central", "EU", "-x", "a/b", "x" * 64])
def test_a_region_that_is_none_is_denied(region: str) -> None:
    with pytest.raises(EffectError, match="EGRESS_DENIED"):
        parse_place(provider("https://s3.example.com/acme", region))


def test_a_credential_is_a_pair_with_a_colon() -> None:
    keys = key_pair_of(provider("https://s3.example.com/acme"), GivenCredentials({"objects": "AKIA:se/c+r:et="}))

    assert (keys.key_id.reveal(), keys.secret.reveal()) == ("AKIA", "se/c+r:et=")
    assert repr(keys) == "KeyPair(key_id=Secret(…), secret=Secret(…))"


@pytest.mark.parametrize("canary", ["canary", ":canary", "canary:", "ca nary:x", "can/ary:x"])
def test_what_is_no_pair_is_refused_and_not_shown(canary: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        key_pair_of(provider("https://s3.example.com/acme"), GivenCredentials({"objects": canary}))

    assert caught.value.code == "CREDENTIAL_INVALID"
    assert "can" not in caught.value.message.replace("cannot", "")


def test_a_store_without_a_credential_is_missing_one() -> None:
    with pytest.raises(ConfigurationError, match="CREDENTIAL_MISSING"):
        key_pair_of(provider("https://s3.example.com/acme"), GivenCredentials({}))
