"""An issuer's discovery document: where browsers go, where tokens and keys are (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from msgspec import Struct

from placet.adapters.oidc.place import Place, check_browser_address, place_in
from placet.adapters.oidc.refusal import refused
from placet.domain.authorization.issuer import Issuer
from placet.domain.encoding.foreign_json import JsonObject

_DEFAULT_METHODS = ["client_secret_basic"]


class Metadata(Struct, frozen=True, kw_only=True):
    """What is taken from a discovery document; everything else in it says nothing here.

    `takes_basic` says that the token endpoint takes the client's secret in a header; `names_itself`
    that each answer to a browser names the issuer (RFC 9207).
    """

    authorization_endpoint: str
    token_endpoint: Place
    keys: Place
    takes_basic: bool
    names_itself: bool


def read_metadata(document: JsonObject, issuer: Issuer) -> Metadata:
    """Return what the issuer's document says.

    Raise `DeniedError` (`OIDC_INVALID`) where it is another's, by a slash or a capital, or lacks what is
    needed, and `EffectError` (`EGRESS_DENIED`) where it leads to where it may not.
    """
    if document.get("issuer") != issuer.url:
        raise refused(f"the discovery document at {issuer.url} is of another issuer")
    methods = document.get("token_endpoint_auth_methods_supported", [*_DEFAULT_METHODS])
    return Metadata(
        authorization_endpoint=check_browser_address(_text(document, "authorization_endpoint")),
        token_endpoint=place_in(issuer, _text(document, "token_endpoint")),
        keys=place_in(issuer, _text(document, "jwks_uri")),
        takes_basic=isinstance(methods, list) and "client_secret_basic" in methods,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise refused(f"the discovery document has no {name}")
    return value
