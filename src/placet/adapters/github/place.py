"""Where a GitHub's requests and its uploads go: both from the provider's record, never from an answer."""

from __future__ import annotations

from msgspec import Struct

from placet.adapters.egress.endpoint import EGRESS_DENIED, Endpoint, parse_endpoint
from placet.errors import EffectError
from placet.ports.effects import Provider

_ENTERPRISE = "/api/v3"
_API_HOST = "api."


class Place(Struct, frozen=True, kw_only=True):
    """The two addresses of one GitHub."""

    api: Endpoint
    uploads: Endpoint


def place_of(provider: Provider) -> Place:
    """Return where the provider's requests go, as `place_at`."""
    return place_at(provider.url, private=provider.private)


def place_at(url: str, *, private: bool = False) -> Place:
    """Return the addresses that `url`, the API's, stands for.

    `https://api.github.com` has its uploads at `https://uploads.github.com`, as has every host that
    begins with `api.`; GitHub Enterprise Server, `https://HOST/api/v3`, at `https://HOST/api/uploads`.
    Raise `EffectError` (`EGRESS_DENIED`) for any other form, and as `parse_endpoint`.
    """
    api = parse_endpoint(url, private=private)
    port = "" if api.authority.endswith(api.host) or api.authority.endswith("]") else f":{api.port}"
    if api.base_path == _ENTERPRISE:
        uploads = f"{api.scheme}://{api.authority}/api/uploads"
    elif not api.base_path and api.literal is None and api.host.startswith(_API_HOST):
        uploads = f"{api.scheme}://uploads.{api.host.removeprefix(_API_HOST)}{port}"
    else:
        raise EffectError(
            EGRESS_DENIED,
            f"{url[:120]!r} is not the address of a GitHub's API",
            hint="https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server",
        )
    return Place(api=api, uploads=parse_endpoint(uploads, private=private))
