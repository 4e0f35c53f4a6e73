"""Where an issuer's own documents may send us: to itself, or to other names of the open network (attacks A50)."""

from __future__ import annotations

import re

from msgspec import Struct

from placet.adapters.egress.endpoint import EGRESS_DENIED, Endpoint, parse_endpoint
from placet.domain.authorization.issuer import Issuer
from placet.errors import EffectError

_PLACE = re.compile(r"(https?://[^/?#]+(?:/[^?#]*)?)(/[^/?#]+)")
_WELL_KNOWN = "/.well-known/openid-configuration"


class Place(Struct, frozen=True, kw_only=True):
    """One address that is asked: its host, and the path below its base."""

    endpoint: Endpoint
    path: str


def discovery_of(issuer: Issuer) -> Place:
    """Return where the issuer's discovery document is; raise `EffectError` (`EGRESS_DENIED`)."""
    return Place(endpoint=_own(issuer), path=_WELL_KNOWN)


def place_in(issuer: Issuer, url: str) -> Place:
    """Return the place that a document of the issuer names.

    Only the issuer's own host may be a loopback or private one, as its record says: a document that
    somebody else writes leads into no network of ours. Raise `EffectError` (`EGRESS_DENIED`).
    """
    match = _PLACE.fullmatch(url)
    if match is None:
        raise EffectError(EGRESS_DENIED, "nothing was opened: the issuer's document names no plain address")
    own = _own(issuer)
    place = Place(endpoint=parse_endpoint(match[1]), path=match[2])
    if (place.endpoint.scheme, place.endpoint.authority) == (own.scheme, own.authority):
        return Place(endpoint=parse_endpoint(match[1], private=issuer.terms.private), path=match[2])
    if place.endpoint.scheme != "https" or place.endpoint.literal is not None or place.endpoint.names_loopback:
        raise EffectError(EGRESS_DENIED, "nothing was opened: the issuer's document leads to a machine of ours")
    return place


def check_browser_address(url: str) -> str:
    """Return `url` where a browser may be sent to it; raise `EffectError` (`EGRESS_DENIED`)."""
    parse_endpoint(url.partition("?")[0])
    if re.fullmatch(r"[!-~]{1,2000}", url) is None or "#" in url:
        raise EffectError(EGRESS_DENIED, "the issuer's document sends browsers to no plain address")
    return url


def _own(issuer: Issuer) -> Endpoint:
    return parse_endpoint(issuer.url, private=issuer.terms.private)
