"""Where the objects of a provider of kind `s3` go: endpoint, bucket, prefix and region, from its record alone."""

from __future__ import annotations

import re
from typing import NoReturn

from msgspec import Struct

from placet.adapters.egress.endpoint import EGRESS_DENIED, Endpoint, parse_endpoint
from placet.errors import ConfigurationError, EffectError
from placet.ports.effects import Credentials, Provider, Secret

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX_SEGMENT = re.compile(r"[A-Za-z0-9@_][A-Za-z0-9@._+-]{0,254}")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_AWS_HOST = re.compile(r"s3[.-](?:dualstack\.|fips\.)?([a-z]{2}(?:-[a-z]+)+-[0-9])\.amazonaws\.com(?:\.cn)?")
_R2_SUFFIX = ".r2.cloudflarestorage.com"
_PAIR = re.compile(r"(?P<key_id>[A-Za-z0-9_.-]{1,256}):(?P<secret>[!-~]{1,1024})")


class Place(Struct, frozen=True, kw_only=True):
    """One bucket of one endpoint; `prefix` is empty or ends with a slash, `endpoint` has no base path."""

    endpoint: Endpoint
    bucket: str
    prefix: str
    region: str


class KeyPair(Struct, frozen=True, kw_only=True):
    """What requests are signed with; neither half shows itself in `repr`."""

    key_id: Secret
    secret: Secret


def parse_place(provider: Provider) -> Place:
    """Return the place that the record's `https://HOST/BUCKET[/PREFIX]` names, in path style.

    The region is the record's; where it has none, the one that an AWS host names, `auto` for R2,
    and `us-east-1` else. Raise `EffectError` (`EGRESS_DENIED`) as `parse_endpoint` does, and for
    what is no bucket, prefix or region.
    """
    whole = parse_endpoint(provider.url, private=provider.private)
    bucket, *prefix = whole.base_path.removeprefix("/").split("/")
    if _BUCKET.fullmatch(bucket) is None or ".." in bucket:
        _deny(f"provider {provider.provider_id} names no bucket: its address is https://HOST/BUCKET[/PREFIX]")
    if any(_PREFIX_SEGMENT.fullmatch(segment) is None for segment in prefix):
        _deny(f"the prefix of provider {provider.provider_id} is not made of plain segments")
    region = provider.region or _region_of(whole.host)
    if _REGION.fullmatch(region) is None:
        _deny(f"the region of provider {provider.provider_id} is none")
    host = Endpoint(
        scheme=whole.scheme,
        host=whole.host,
        port=whole.port,
        base_path="",
        literal=whole.literal,
        private=whole.private,
    )
    return Place(endpoint=host, bucket=bucket, prefix="".join(f"{segment}/" for segment in prefix), region=region)


def key_pair_of(provider: Provider, credentials: Credentials) -> KeyPair:
    """Return the two halves of the credential that the record names: `ACCESS_KEY_ID:SECRET` in one word.

    Raise `ConfigurationError` (`CREDENTIAL_MISSING`, `CREDENTIAL_INVALID`); no message holds any of it.
    """
    secret = credentials.of(provider)
    if secret is None:
        raise ConfigurationError(
            "CREDENTIAL_MISSING",
            f"provider {provider.provider_id} names no credential, and an object store takes nothing without one",
            hint="placet provider add with --credential env:NAME or file:/PATH",
        )
    match = _PAIR.fullmatch(secret.reveal())
    if match is None:
        raise ConfigurationError(
            "CREDENTIAL_INVALID",
            f"the credential {provider.credential} of provider {provider.provider_id} is no pair",
            hint="it is ACCESS_KEY_ID:SECRET, with a colon between the two",
        )
    return KeyPair(key_id=Secret(match["key_id"]), secret=Secret(match["secret"]))


def _region_of(host: str) -> str:
    if host.endswith(_R2_SUFFIX):
        return "auto"
    match = _AWS_HOST.fullmatch(host)
    return match[1] if match else "us-east-1"


def _deny(reason: str) -> NoReturn:
    raise EffectError(
        EGRESS_DENIED,
        f"nothing was opened: {reason}",
        hint="see `placet provider list`; replace the record with `placet provider add`",
    )
