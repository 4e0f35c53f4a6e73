"""People sign in at an issuer, and out again; and anybody learns who they are here (protocol 6)."""

from __future__ import annotations

import msgspec

from placet.facade import Returned
from placet.web.cookies import SESSION, SIGN_IN, SIGN_IN_SECONDS, Cookies
from placet.web.route import Access, Answer, Call, Route

_TAG = "sessions"
_WHO = "/auth/session"


class LoginQuery(msgspec.Struct, kw_only=True):
    """With which issuer, where more than one is trusted."""

    issuer: str = ""


class CallbackQuery(msgspec.Struct, kw_only=True):
    """What the issuer sends a browser back with."""

    state: str = ""
    code: str = ""
    error: str = ""
    iss: str = ""


class Session(msgspec.Struct, kw_only=True):
    """Who asks: the principal, what they showed (`kind` is `key` or `session`), for what, and until when."""

    principal_id: str
    credential_id: str
    kind: str
    scopes: list[str]
    expires_at: str


async def login(call: Call) -> Answer:
    """Send a browser to the issuer. What it keeps meanwhile is a cookie that only it has."""
    begun = await call.placet.sessions.begin(call.query.issuer)
    kept = _cookies(call).set(SIGN_IN, begun.sign_in, SIGN_IN_SECONDS)
    return Answer(status=302, headers={"location": begun.authorization_url}, cookies=(kept,))


async def callback(call: Call) -> Answer:
    """Take a browser back from the issuer, and begin a session. One answer begins one session."""
    cookies = _cookies(call)
    signed_in = await call.placet.sessions.finish(
        Returned(
            sign_in=cookies.shown(SIGN_IN, call.headers),
            state=call.query.state,
            code=call.query.code,
            error=call.query.error,
            answered_by=call.query.iss,
        )
    )
    lasts = int((signed_in.session.expires_at - signed_in.session.created_at).total_seconds())
    kept = (cookies.set(SESSION, signed_in.token, lasts), cookies.drop(SIGN_IN))
    return Answer(status=303, headers={"location": _WHO}, cookies=kept)


async def session(call: Call) -> Answer:
    """Tell who asks."""
    return Answer(document=await call.placet.sessions.current())


async def logout(call: Call) -> Answer:
    """End the caller's session. What they asked and approved in it stands."""
    await call.placet.sessions.end()
    return Answer(status=204, cookies=(_cookies(call).drop(SESSION),))


def _cookies(call: Call) -> Cookies:
    return Cookies(base_url=call.placet.public_base_url)


ROUTES = (
    Route(
        method="GET",
        path="/auth/login",
        handler=login,
        summary="Sign in: a browser is sent to the issuer",
        tag=_TAG,
        access=Access.PUBLIC,
        query=LoginQuery,
        answers={302: None},
        codes=("ISSUER_INVALID", "NOT_FOUND", "OIDC_INVALID", "PROVIDER_UNREACHABLE"),
    ),
    Route(
        method="GET",
        path="/auth/callback",
        handler=callback,
        summary="Come back from the issuer",
        tag=_TAG,
        access=Access.PUBLIC,
        query=CallbackQuery,
        answers={303: None},
        codes=("NOT_FOUND", "OIDC_INVALID", "OIDC_REPLAYED", "UNAUTHENTICATED", "PROVIDER_UNREACHABLE"),
    ),
    Route(
        method="GET",
        path=_WHO,
        handler=session,
        summary="Tell who asks",
        tag=_TAG,
        answers={200: Session},
    ),
    Route(
        method="POST",
        path="/auth/logout",
        handler=logout,
        summary="Sign out",
        tag=_TAG,
        answers={204: None},
        codes=("CROSS_SITE", "SESSION_MISSING"),
    ),
)
