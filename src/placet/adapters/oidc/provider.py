"""Issuers as they are asked: through the guarded way out, each by its own record."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus, urlencode

from msgspec import Struct

from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import Answer, Caps, Request
from placet.adapters.oidc.kept import Kept
from placet.adapters.oidc.keys import SigningKey, read_keys
from placet.adapters.oidc.metadata import Metadata, read_metadata
from placet.adapters.oidc.place import Place, discovery_of
from placet.adapters.oidc.refusal import refused
from placet.adapters.oidc.token import key_of, parse_token, verified_claims
from placet.domain.authorization.issuer import Issuer
from placet.domain.authorization.sign_in import CODE
from placet.domain.encoding.foreign_json import Json, JsonObject, read_foreign_object
from placet.errors import InvalidInputError
from placet.ports.effects import Secret
from placet.ports.identity_provider import Redemption
from placet.ports.world import Clock

FindSecret = Callable[[str, str], Secret | None]
"""Returns the secret of a name, for whom the second text says; raises `ConfigurationError`."""

_CAPS = Caps(seconds=10.0, answer_bytes=256 * 1024)
_OK = 200
_JSON = {"accept": "application/json"}
_FORM = {**_JSON, "content-type": "application/x-www-form-urlencoded"}


class _Known(Struct, frozen=True):
    """What is kept of one issuer."""

    metadata: Kept[Metadata]
    keys: Kept[Mapping[str, SigningKey]]


class OidcProvider:
    """Asks issuers. Keeps their documents for the life of the process; one is enough for all requests."""

    def __init__(self, egress: Egress, find_secret: FindSecret, clock: Clock) -> None:
        """Take the way out, where the secrets are that records name, and the time."""
        self._egress = egress
        self._find_secret = find_secret
        self._clock = clock
        self._known: dict[tuple[str, bool], _Known] = {}

    async def authorization_endpoint(self, issuer: Issuer) -> str:
        """Return where browsers are sent, as `IdentityProvider` says."""
        return (await self._of(issuer).metadata.get()).authorization_endpoint

    async def redeem(self, issuer: Issuer, redemption: Redemption) -> str:
        """Exchange a code for an identity token, as `IdentityProvider` says."""
        metadata = await self._of(issuer).metadata.get()
        if redemption.answered_by != issuer.url and (redemption.answered_by or metadata.names_itself):
            raise refused("the answer came from another issuer than the one that was asked")
        answer = await self._asked(metadata.token_endpoint, self._token_request(issuer, metadata, redemption))
        if answer.status != _OK:
            raise refused(f"the issuer gave no token for the code ({answer.status})")
        token = _object(answer).get("id_token")
        if not isinstance(token, str):
            raise refused("the issuer gave no identity token")
        return token

    async def claims(self, issuer: Issuer, token: str) -> Mapping[str, Json]:
        """Return what a token says once its signature holds, as `IdentityProvider` says.

        An id that no key has makes the key set be fetched anew, at most once a minute whoever makes ids up.
        """
        unverified = parse_token(token)
        keys = await self._of(issuer).keys.get(good_for=lambda found: key_of(unverified, found) is not None)
        return verified_claims(unverified, keys, issuer.terms.algorithms)

    def _of(self, issuer: Issuer) -> _Known:
        name = (issuer.url, issuer.terms.private)
        if name not in self._known:
            metadata = Kept(self._clock, lambda: self._metadata(issuer))
            self._known[name] = _Known(metadata, Kept(self._clock, lambda: self._keys(metadata)))
        return self._known[name]

    async def _metadata(self, issuer: Issuer) -> Metadata:
        return read_metadata(await self._document(discovery_of(issuer)), issuer)

    async def _keys(self, metadata: Kept[Metadata]) -> Mapping[str, SigningKey]:
        return read_keys(await self._document((await metadata.get()).keys))

    async def _document(self, place: Place) -> JsonObject:
        answer = await self._asked(place, Request(method="GET", path=place.path, headers=_JSON))
        if answer.status != _OK:
            raise refused(f"the issuer has no document at {place.path} ({answer.status})")
        return _object(answer)

    async def _asked(self, place: Place, request: Request) -> Answer:
        return await self._egress.exchange(place.endpoint, request, _CAPS)

    def _token_request(self, issuer: Issuer, metadata: Metadata, redemption: Redemption) -> Request:
        form = {
            "grant_type": "authorization_code",
            "code": redemption.code,
            "redirect_uri": redemption.redirect_uri,
            "code_verifier": redemption.verifier,
            "client_id": issuer.terms.client_id,
        }
        secret = self._find_secret(issuer.terms.client_secret, f"of issuer {issuer.url}")
        if secret is not None and not metadata.takes_basic:
            form["client_secret"] = secret.reveal()
        return Request(
            method="POST",
            path=metadata.token_endpoint.path,
            headers=_FORM,
            body=urlencode(form).encode("ascii"),
            basic=_basic(issuer.terms.client_id, secret) if secret is not None and metadata.takes_basic else None,
        )


def _basic(client_id: str, secret: Secret) -> Secret:
    """Return what stands behind `Basic`; both parts are form-encoded first (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return Secret(base64.b64encode(pair.encode("ascii")).decode("ascii"))


def _object(answer: Answer) -> JsonObject:
    try:
        return read_foreign_object(answer.body, what="the issuer's answer", code=CODE)
    except InvalidInputError as error:
        raise refused("the issuer's answer has no single reading") from error
