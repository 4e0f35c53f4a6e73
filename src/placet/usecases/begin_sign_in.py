"""Send a person to an issuer to sign in. Nothing is recorded: who only begins, costs nothing (protocol 6)."""

from __future__ import annotations

from urllib.parse import urlencode

from placet.core.context import Context
from placet.core.issuers import all_issuers, trusted_issuer
from placet.domain.authorization.issuer import Issuer
from placet.domain.authorization.sign_in import SECRET_BYTES, SignIn
from placet.domain.values.time import cut_to_milliseconds
from placet.domain.values.unshown import Unshown
from placet.errors import InvalidInputError, NotFoundError
from placet.ports.identity_provider import IdentityProvider

_SCOPE = "openid"
"""Who somebody is: nothing else about them is asked for."""


class Begun(Unshown, frozen=True, kw_only=True):
    """Where the browser goes, and what it keeps meanwhile; a secret."""

    authorization_url: str
    sign_in: str


async def begin_sign_in(context: Context, provider: IdentityProvider, *, issuer: str, redirect_uri: str) -> Begun:
    """Return where to sign in with `issuer`, or with the only one that is trusted where it is empty.

    Raise `NotFoundError` where that issuer is not trusted, or none is, `InvalidInputError`
    (`ISSUER_INVALID`) where there is a choice to make, and as `IdentityProvider.authorization_endpoint`.
    """
    chosen = await trusted_issuer(context, issuer) if issuer else await _the_only_one(context)
    endpoint = await provider.authorization_endpoint(chosen)
    sign_in = SignIn(
        issuer=chosen.url,
        begun_at=cut_to_milliseconds(context.clock.now()),
        secret=context.randomness.token(SECRET_BYTES),
    )
    query = urlencode(
        {
            "response_type": "code",
            "client_id": chosen.terms.client_id,
            "redirect_uri": redirect_uri,
            "scope": _SCOPE,
            "state": sign_in.state,
            "nonce": sign_in.nonce,
            "code_challenge": sign_in.challenge,
            "code_challenge_method": "S256",
        }
    )
    separator = "&" if "?" in endpoint else "?"
    return Begun(authorization_url=f"{endpoint}{separator}{query}", sign_in=sign_in.to_text())


async def _the_only_one(context: Context) -> Issuer:
    trusted = [each for each in await all_issuers(context) if each.trusted]
    if not trusted:
        raise NotFoundError("NOT_FOUND", "no issuer is trusted here, so nobody signs in", hint="placet issuer add")
    if len(trusted) > 1:
        named = ", ".join(each.url for each in trusted)
        raise InvalidInputError("ISSUER_INVALID", f"say which issuer: {named}", hint="/auth/login?issuer=URL")
    return trusted[0]
