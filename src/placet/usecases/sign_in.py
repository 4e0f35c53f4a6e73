"""Take a person back from the issuer, and begin their session (protocol 6)."""

from __future__ import annotations

import re
from datetime import datetime

from placet.core.context import Context
from placet.core.decide import Decision, decide
from placet.core.denials import record_denial, unverified
from placet.core.entities.credentials import Credential, LastUse, last_use_key
from placet.core.entities.governance import principal_key, stored_principal
from placet.core.entities.stored import entity_of
from placet.core.entities.trust import identity_key, issuer_key, read_identity_holder, stored_issuer
from placet.core.issuers import trusted_issuer
from placet.domain.authorization.identity_token import Expected, IdentityToken, check_identity_token
from placet.domain.authorization.issuer import Issuer
from placet.domain.authorization.principal import Principal
from placet.domain.authorization.shown_token import RANDOM_BYTES, CredentialKind, make_token
from placet.domain.authorization.sign_in import CODE, SignIn, parse_sign_in
from placet.domain.log.change import EntityKey, Snapshot
from placet.domain.values.digest import sha256
from placet.domain.values.time import cut_to_milliseconds, format_instant
from placet.domain.values.unshown import Unshown
from placet.errors import DeniedError
from placet.ports.identity_provider import IdentityProvider, Redemption
from placet.ports.store import ConflictError

_NAME = "sign-in"
_REASON = re.compile(r"[a-z_]{1,40}")


class Answer(Unshown, frozen=True, kw_only=True):
    """What a browser brings back from the issuer, with what it had kept; nothing here is believed.

    `error` is the issuer's word where it gives no code; `answered_by` as in `Redemption`.
    """

    sign_in: str
    state: str
    code: str = ""
    error: str = ""
    answered_by: str = ""
    redirect_uri: str


class SignedIn(Unshown, frozen=True, kw_only=True):
    """A session that has begun, and the token that its browser shows from now on; a secret."""

    session: Credential
    token: str


async def sign_in(context: Context, provider: IdentityProvider, answer: Answer) -> SignedIn:
    """Return a new session of the person who signed in; each answer begins one session at most, for ever.

    Raise `DeniedError`: `OIDC_INVALID` where the answer belongs to no exchange that this browser
    began, where the issuer refused, and where its token is not for us and for now; `OIDC_REPLAYED`
    where the token began a session before; `UNAUTHENTICATED` where nobody is enrolled with that identity.
    What came of a token is recorded, as is a replay; what never came to a token is not, as anybody
    can send that. Raise as `IdentityProvider`, and `NotFoundError` where the issuer is trusted no more.
    """
    kept = parse_sign_in(answer.sign_in)
    kept.check(answer.state, context.clock.now())
    if not answer.code:
        reason = answer.error if _REASON.fullmatch(answer.error) else "no reason"
        raise DeniedError(CODE, f"the issuer let nobody in: {reason}", hint="begin again: /auth/login")
    issuer = await trusted_issuer(context, kept.issuer)
    redemption = Redemption(
        code=answer.code,
        verifier=kept.verifier,
        redirect_uri=answer.redirect_uri,
        answered_by=answer.answered_by,
    )
    token = await provider.redeem(issuer, redemption)
    try:
        return await _begun(context, provider, issuer, kept, token)
    except DeniedError as error:
        await record_denial(context, error, actor=unverified(_NAME), run_id="", operation_id="", shown=token)
        raise


async def _begun(context: Context, provider: IdentityProvider, issuer: Issuer, kept: SignIn, token: str) -> SignedIn:
    claims = await provider.claims(issuer, token)
    expected = Expected(issuer=issuer.url, client_id=issuer.terms.client_id, nonce=kept.nonce, now=context.clock.now())
    believed = check_identity_token(claims, expected)
    identity_id = issuer.identity_id(believed.subject)
    shown, made = make_token(CredentialKind.SESSION, context.randomness.token(RANDOM_BYTES))
    begun: list[Credential] = []

    def decision(snapshot: Snapshot, now: datetime) -> Decision:
        person = _person(snapshot, issuer.url, identity_id, now)
        session = Credential(
            credential_id=made.credential_id,
            name=_NAME,
            principal_id=person.principal_id,
            scopes=(),
            digest=made.digest,
            created_at=now,
            expires_at=cut_to_milliseconds(now + context.settings.session),
            identity_id=identity_id,
            issuer=issuer.url,
        )
        begun[:] = [session]
        return _decision(session, _once(kept, believed))

    try:
        await decide(context, lambda loaded: _premises(loaded, issuer.url, identity_id), decision)
    except ConflictError as conflict:
        if not conflict.name.startswith("oidc/"):
            raise
        raise DeniedError("OIDC_REPLAYED", "this token began a session before") from conflict
    return SignedIn(session=begun[0], token=shown)


def _premises(snapshot: Snapshot | None, issuer: str, identity_id: str) -> set[EntityKey]:
    holder = entity_of(snapshot, identity_key(identity_id)) if snapshot else None
    whose = {principal_key(read_identity_holder(holder).principal_id)} if holder else set()
    return {issuer_key(issuer), identity_key(identity_id)} | whose


def _person(snapshot: Snapshot, issuer: str, identity_id: str, now: datetime) -> Principal:
    """Return whose the identity is, if they sign in with it now and the issuer is trusted still."""
    trust = entity_of(snapshot, issuer_key(issuer))
    holder = entity_of(snapshot, identity_key(identity_id))
    entity = entity_of(snapshot, principal_key(read_identity_holder(holder).principal_id)) if holder else None
    person = stored_principal(entity) if entity else None
    present = person.identity if person else None
    if (
        trust is None
        or not stored_issuer(trust).trusted
        or person is None
        or not person.active_at(now)
        or present is None
        or present.identity_id != identity_id
    ):
        raise DeniedError("UNAUTHENTICATED", "nobody who may act here is enrolled with this identity")
    return person


def _once(kept: SignIn, token: IdentityToken) -> tuple[str, ...]:
    """Return the once keys of a token: what we gave to be said in it, and the issuer's own id where it has one."""
    said = [("nonce", kept.nonce), *([("token", token.token_id)] if token.token_id else [])]
    return tuple(f"oidc/{sha256(f'{token.issuer} {what} {value}'.encode('ascii'))}" for what, value in said)


def _decision(session: Credential, once: tuple[str, ...]) -> Decision:
    used = LastUse(credential_id=session.credential_id, used_at=session.created_at)
    return Decision(
        type="session.created",
        actor=session.principal_id,
        subject=session.credential_id,
        data={
            "session_id": session.credential_id,
            "issuer": session.issuer,
            "identity_id": session.identity_id,
            "expires_at": format_instant(session.expires_at),
        },
        writes={session.key: session.to_object(), last_use_key(session.credential_id): used.to_object()},
        once=(f"credential/{session.credential_id}", *once),
    )
