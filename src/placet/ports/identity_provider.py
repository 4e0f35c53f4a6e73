"""Issuers of identity tokens, as somebody signs in at one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from placet.domain.authorization.issuer import Issuer
from placet.domain.encoding.foreign_json import Json
from placet.domain.values.unshown import Unshown


class Redemption(Unshown, frozen=True, kw_only=True):
    """What a code is exchanged with: the PKCE verifier, and where the browser was sent back to.

    `answered_by` is how the answer that brought the code named its issuer, empty where it did not (RFC 9207).
    """

    code: str
    verifier: str
    redirect_uri: str
    answered_by: str = ""


class IdentityProvider(Protocol):
    """Asks trusted issuers. Any number may be asked at once.

    Each method raises `DeniedError` (`OIDC_INVALID`) where what an issuer publishes is not its own or
    not what may be, and `EffectError` (`PROVIDER_UNREACHABLE`, `PROVIDER_AMBIGUOUS`, `EGRESS_DENIED`).
    """

    async def authorization_endpoint(self, issuer: Issuer) -> str:
        """Return where a browser is sent to sign in, as the issuer's discovery document says."""
        ...

    async def redeem(self, issuer: Issuer, redemption: Redemption) -> str:
        """Exchange a code for an identity token and return it, believed in nothing yet.

        A code is redeemed once: the issuer refuses it afterwards (`OIDC_INVALID`). Also raise
        `ConfigurationError` (`CREDENTIAL_MISSING`, `CREDENTIAL_INVALID`).
        """
        ...

    async def claims(self, issuer: Issuer, token: str) -> Mapping[str, Json]:
        """Return what a token says, once its signature holds by a key and an algorithm of the issuer's own.

        Whether it is for us and for now is another question (`check_identity_token`). Raise
        `DeniedError` (`OIDC_INVALID`) where it does not hold. Repeating it is harmless.
        """
        ...
