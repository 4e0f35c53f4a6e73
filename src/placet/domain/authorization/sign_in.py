"""A sign-in on its way: what a browser keeps while its person is at the issuer (OAuth 2.1, OpenID Connect Core 3.1).

One secret, which only the browser has, gives the three values of the exchange: `state` comes back
with the answer, `nonce` inside the token, and the PKCE `verifier` proves to the issuer that who
brings the code began the exchange. All are bound to the issuer and to when it began, so that what
was begun with one issuer cannot be finished with another, nor much later. Nothing is kept here
until somebody has signed in: who only begins, costs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta

from placet.domain.authorization.issuer import check_url
from placet.domain.values.time import format_instant, parse_instant
from placet.domain.values.unshown import Unshown
from placet.errors import DeniedError, PlacetError

CODE = "OIDC_INVALID"
SECRET_BYTES = 32
TIME = timedelta(minutes=10)
"""How long a person may take at the issuer."""
_TEXT = re.compile(r"([0-9TZ:.-]{24})~([A-Za-z0-9_-]{43})~([!-~]{1,256})")
_AGAIN = "begin again: /auth/login"


class SignIn(Unshown, frozen=True, kw_only=True):
    """One exchange, as it was begun."""

    issuer: str
    begun_at: datetime
    secret: bytes

    @property
    def state(self) -> str:
        """Return what comes back with the answer."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Return what comes back inside the token."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Return what proves to the issuer that the code is ours (RFC 7636); a secret."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """Return what the issuer is told of the verifier beforehand, method S256."""
        return _base64url(hashlib.sha256(self.verifier.encode("ascii")).digest())

    def to_text(self) -> str:
        """Return what the browser keeps; a secret."""
        return f"{format_instant(self.begun_at)}~{_base64url(self.secret)}~{self.issuer}"

    def check(self, state: str, now: datetime) -> None:
        """Return where an answer with `state` belongs to this exchange, and is in time.

        Raise `DeniedError` (`OIDC_INVALID`). States are compared in constant time.
        """
        if not hmac.compare_digest(state.encode(), self.state.encode()):
            raise DeniedError(CODE, "the answer belongs to another sign-in than this browser began", hint=_AGAIN)
        if not self.begun_at <= now < self.begun_at + TIME:
            raise DeniedError(CODE, "the sign-in took too long", hint=_AGAIN)

    def _derived(self, label: str) -> str:
        message = f"placet/sign-in/{label}\0{format_instant(self.begun_at)}\0{self.issuer}"
        return _base64url(hmac.digest(self.secret, message.encode("ascii"), "sha256"))


def parse_sign_in(text: str) -> SignIn:
    """Return the exchange that a browser kept; raise `DeniedError` (`OIDC_INVALID`) where it kept none."""
    match = _TEXT.fullmatch(text)
    try:
        if match is not None:
            return SignIn(
                issuer=check_url(match[3]),
                begun_at=parse_instant(match[1]),
                secret=base64.urlsafe_b64decode(match[2] + "="),
            )
    except PlacetError:
        pass
    raise DeniedError(CODE, "this browser began no sign-in, or ended it", hint=_AGAIN)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")
